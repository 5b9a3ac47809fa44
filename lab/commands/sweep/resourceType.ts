/** Resources of one type: which there are, and how one is removed. */
export interface ResourceType {
  readonly what: string;
  list(): Promise<readonly (string | undefined)[]>;
  remove(id: string): Promise<unknown>;
}
