// A participant as msgflo-nodejs has them: a module that makes one. Run by node_modules/.bin/msgflo-nodejs.
const { Participant } = require('msgflo-nodejs').participant;

const definition = {
  component: 'interop/Repeat',
  label: 'Sends on what it gets',
  icon: 'file-word-o',
  inports: [{ id: 'in', type: 'any' }],
  outports: [{ id: 'out', type: 'any' }],
};

module.exports = (broker, role) => new Participant(broker, definition, (port, data, send) => send('out', null, data), role);
