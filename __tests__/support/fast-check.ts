import fc from 'fast-check'

/** The same values in every run, so that a change that passed passes again; others by `TEST_SEED=7`. */
fc.configureGlobal({ seed: Number(process.env.TEST_SEED ?? 20_261_126) })

export default fc
