export { createFabric, type LabFabric } from './fabric';
export { baseIsUp, labNamespaces, lowerBase, raiseBase } from './base';
