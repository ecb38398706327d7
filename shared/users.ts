import { sameSecret } from './secrets.ts'

/** Someone who can log in at the authorization server: the resource owner of RFC 6749 section 1.1. */
export interface User {
  user_id: string
  username: string
  email: string
}

interface Account {
  user: User
  password: string
}

// A real server stores passwords as slow, salted hashes. This lab teaches something else.
const accounts: Account[] = [
  {
    user: { user_id: 'user0', username: 'User Number 0', email: 'user0@oauth-lab.me' },
    password: 'password0',
  },
  {
    user: { user_id: 'user1', username: 'User Number 1', email: 'user1@oauth-lab.me' },
    password: 'password1',
  },
]

/** The user with this name, or undefined. */
export function findUser(name: string): User | undefined {
  return accounts.find(({ user }) => user.user_id === name)?.user
}

/** Whether a user has this name. */
export function isUser(name: string): boolean {
  return findUser(name) !== undefined
}

/** How many users there are. */
export function userCount(): number {
  return accounts.length
}

/** The user with this name and password, or undefined. An unknown name takes just as long. */
export function authenticateUser(name: string, password: string): User | undefined {
  const account = accounts.find(({ user }) => user.user_id === name)
  const right = sameSecret(password, account?.password ?? '')
  return right ? account?.user : undefined
}
