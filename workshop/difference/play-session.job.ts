import { playSession } from '@oauth-lab/course/differences/wire-play.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { answerJob } from '../jobs/answer.ts'

// A job, because a session moves the clock of its whole process.
answerJob((version: Version) => playSession(version))
