/** Someone who can log in at the authorization server: the resource owner of RFC 6749 section 1.1. */
export interface User {
  user_id: string
  username: string
  email: string
}

const users: User[] = [
  { user_id: 'user0', username: 'User Number 0', email: 'user0@oauth-lab.me' },
  { user_id: 'user1', username: 'User Number 1', email: 'user1@oauth-lab.me' },
]

/** The user with this name, or undefined. */
export function findUser(name: string): User | undefined {
  return users.find(({ user_id }) => user_id === name)
}

/** Whether a user has this name. */
export function isUser(name: string): boolean {
  return findUser(name) !== undefined
}

/** How many users there are. */
export function userCount(): number {
  return users.length
}
