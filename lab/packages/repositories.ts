import { emqxRepositories } from './emqx/repository';
import type { Repository } from './repository';

/** The repositories of others that the lab can serve, by the name that lab.yaml has for them. */
export const repositories: Readonly<Record<string, readonly Repository[]>> = { emqx: emqxRepositories };
