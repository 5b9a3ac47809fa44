export { balancerFiles } from './balancerFiles';
export { brokerFiles } from './brokerFiles';
export { fileHashes, renderFileSet } from './fileSet';
export { balancingOn } from './haproxy';
export { userData } from './userData';
export type * from './model';
