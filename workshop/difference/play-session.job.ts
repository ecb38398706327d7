import { playSession } from '@oauth-lab/course/differences/wire-play.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { answerJob } from '../jobs/answer.ts'

// A job: while a session plays, time is made to pass for the whole process.
answerJob((version: Version) => playSession(version))
