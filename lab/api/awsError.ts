/** An error as an AWS API answers it: the code that programs look at, a message for people, an HTTP status. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** What any unexpected failure of the lab looks like to an AWS client. */
export function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AwsError('InternalError', `lab: ${message}`, 500);
}
