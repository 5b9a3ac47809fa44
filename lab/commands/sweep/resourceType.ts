/** Whose resources, as every client of the SDK takes it. */
export interface Account {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Resources of one type: which there are, and how one is removed. */
export interface ResourceType {
  readonly what: string;
  list(): Promise<readonly (string | undefined)[]>;
  remove(id: string): Promise<unknown>;
}
