/** The part of an address after the at sign, in small letters: `example.com`. */
function domainOf(email) {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase()
}

module.exports = { domainOf }
