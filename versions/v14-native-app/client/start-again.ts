/** The link on every page that says a login went wrong. */
export const startAgain = { href: '/login', text: 'Start again' }
