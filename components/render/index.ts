export { balancerFiles, balancerPrograms } from './balancerFiles';
export { brokerFiles, brokerPrograms } from './brokerFiles';
export { renderFileSet } from './fileSet';
export { balancingOn } from './haproxy';
export { fetchedPrograms } from './programs';
export { userData } from './userData';
export type * from './model';
