import * as aws from '@pulumi/aws';

const vpc = new aws.ec2.Vpc('web', { cidrBlock: '10.30.0.0/16' });
const subnet = new aws.ec2.Subnet('web', { vpcId: vpc.id, cidrBlock: '10.30.1.0/24' });
const gateway = new aws.ec2.InternetGateway('web', { vpcId: vpc.id });
const routes = new aws.ec2.RouteTable('web', { vpcId: vpc.id });
const toInternet = new aws.ec2.Route('web-internet', {
  routeTableId: routes.id,
  destinationCidrBlock: '0.0.0.0/0',
  gatewayId: gateway.id,
});
new aws.ec2.RouteTableAssociation('web', { routeTableId: routes.id, subnetId: subnet.id });

const group = new aws.ec2.SecurityGroup('web', { vpcId: vpc.id, description: 'Clients of the page' });
new aws.vpc.SecurityGroupIngressRule('web-http', {
  securityGroupId: group.id,
  ipProtocol: 'tcp',
  fromPort: 80,
  toPort: 80,
  cidrIpv4: '0.0.0.0/0',
});

/** Debian's own name for its newest image. */
const image = aws.ssm.getParameterOutput({ name: '/aws/service/debian/release/13/latest/amd64' });

const userData = `#cloud-config
write_files:
- path: /srv/index.html
  content: |
    <p>Served by an instance that cloud-init set up.</p>
- path: /etc/systemd/system/page.service
  content: |
    [Service]
    ExecStart=/usr/bin/python3 -m http.server --directory /srv 80
    [Install]
    WantedBy=multi-user.target
runcmd:
- [systemctl, enable, --now, page.service]
`;

const server = new aws.ec2.Instance('web', {
  ami: image.value,
  instanceType: 't3.micro',
  subnetId: subnet.id,
  vpcSecurityGroupIds: [group.id],
  userData,
  userDataReplaceOnChange: true,
  tags: { Name: 'web' },
});

const address = new aws.ec2.Eip('web', { instance: server.id, domain: 'vpc' }, { dependsOn: toInternet });

export const url = address.publicIp.apply((ip) => `http://${ip}/`);
