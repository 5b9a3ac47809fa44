import { present, type Call } from '../call';
import { resource } from '../resource';
import { required, text } from '../shape';

/** Which table a subnet routes by; another table takes over without a gap. */
export const routeTableAssociation = resource({
  token: 'aws:ec2/routeTableAssociation:RouteTableAssociation',
  inputs: { routeTableId: required(text), subnetId: required(text, { replaces: true }) },
  outputs: {},

  async create(call, { routeTableId, subnetId }) {
    const ec2 = await call.ec2();
    const made = await call.propagated(/^InvalidRouteTableID\.NotFound/, () =>
      ec2.associateRouteTable({ RouteTableId: routeTableId, SubnetId: subnetId }),
    );
    return present(made.AssociationId, "the association's id");
  },

  async read(call, importId, known) {
    // An import is written SUBNET/TABLE.
    const [first = '', table] = importId.split('/');
    const found = await findAssociation(call, first, table === undefined ? known.subnetId : first);
    if (found === undefined) return undefined;
    const id = table === undefined ? importId : found.RouteTableAssociationId;
    return {
      ...(id === undefined ? {} : { id }),
      routeTableId: found.RouteTableId,
      subnetId: found.SubnetId,
    };
  },

  async update(call, id, { after }) {
    const found = await findAssociation(call, id, after.subnetId);
    const AssociationId = present(found?.RouteTableAssociationId, `association ${id}`);
    await (
      await call.ec2()
    ).replaceRouteTableAssociation({ AssociationId, RouteTableId: after.routeTableId });
  },

  async delete(call, id, { subnetId }) {
    const AssociationId = (await findAssociation(call, id, subnetId))?.RouteTableAssociationId;
    if (AssociationId !== undefined) await (await call.ec2()).disassociateRouteTable({ AssociationId });
  },
});

/** EC2 gives an association another id with another table, and the engine keeps the first one: so by subnet too. */
async function findAssociation(call: Call, id: string, subnetId: string | undefined) {
  const by = async (Name: string, value: string) => {
    const Filters = [{ Name, Values: [value] }];
    const tables = (await (await call.ec2()).describeRouteTables({ Filters })).RouteTables ?? [];
    return tables.flatMap(({ Associations }) => Associations ?? []);
  };
  const byId = (await by('association.route-table-association-id', id)).find(
    (one) => one.RouteTableAssociationId === id,
  );
  if (byId !== undefined || subnetId === undefined) return byId;
  return (await by('association.subnet-id', subnetId)).find((one) => one.SubnetId === subnetId);
}
