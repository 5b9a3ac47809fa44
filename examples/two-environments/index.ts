import * as pulumi from '@pulumi/pulumi';
// Outside this checkout: from 'emqx-haproxy'.
import { MqttPlatform } from '../../components';
import { environment } from './environments';

const mqtt = new MqttPlatform('mqtt', environment(pulumi.getStack()));

export const { endpoints, caCertificate } = mqtt;
export const { users } = mqtt.cluster;
