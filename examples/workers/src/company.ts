/** The company that somebody writes from: `companyOf('Ada@ACME.example')` is `'acme.example'`. */
export function companyOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase()
}
