/** The way out of every page that says a login went wrong. */
export const startAgain = { href: '/login', text: 'Start again' }

/** The way out for someone who is logged in already. */
export const goOn = { href: '/profile', text: 'Go to your profile' }
