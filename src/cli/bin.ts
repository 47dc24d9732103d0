#!/usr/bin/env node
import { endProcess } from './end-process.js'
import { guardExit } from './exit-guard.js'
import { main } from './main.js'
import { outliveReaders } from './output-errors.js'

guardExit()
outliveReaders()
await main(process.argv.slice(2))
endProcess()
