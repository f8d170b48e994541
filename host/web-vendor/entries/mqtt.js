import mqtt from "mqtt";

export const { connect, MqttClient } = mqtt;
export default mqtt;
