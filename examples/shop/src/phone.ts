/**
 * A phone number in the format E.164: `e164Of('0171 / 555 01 23')` is `'+491715550123'`. A number without a country
 * is German. Throws if it is none.
 */
export function e164Of(phone: string): string {
  const digits = phone
    .replace(/[\s()/.-]/g, '')
    .replace(/^00/, '+')
    .replace(/^0/, '+49')
  if (!/^\+[1-9]\d{6,14}$/.test(digits)) throw new Error(`not a phone number: ${phone}`)
  return digits
}
