/**
 * All that qbtc can do to a stack: what each does, in one line, for help, completion and agents; and how it is loaded, once
 * it is run. A new operation is a file and an entry.
 */
export const OPERATIONS = {
  add: {
    about: 'lay an add-on over this stack: its services, packages, flows',
    load: () => import('./addons/add.ts'),
  },
  'add service': {
    about: 'write a service of your own, with contract, flow and test: it runs, is routed and scores at once',
    load: () => import('./addons/add-service.ts'),
  },
  'chaos inject': {
    about: 'break something, and hold it so until chaos undo',
    load: () => import('./chaos/inject.ts'),
  },
  'chaos list': {
    about: 'the experiments of the stack, the faults that it can have, and those that it has',
    load: () => import('./chaos/list.ts'),
  },
  'chaos run': {
    about: 'run an experiment under load: what was lost, what was away for how long, and was heal needed?',
    load: () => import('./chaos/run.ts'),
  },
  'chaos undo': {
    about: 'take back what was injected; all when nothing is named',
    load: () => import('./chaos/undo.ts'),
  },
  'consumers list': {
    about: 'the consumers, declared and added; never a key',
    load: () => import('./consumers/list.ts'),
  },
  'consumers revoke': {
    about: 'take a consumer and its keys out of the gateway',
    load: () => import('./consumers/revoke.ts'),
  },
  'discover list': {
    about: 'find every service that runs, and say how it is known',
    load: () => import('./discover/list.ts'),
  },
  'discover register': {
    about: 'bring the routes of what runs to the gateway, and announce it on the bus',
    load: () => import('./discover/register.ts'),
  },
  'discover watch': {
    about: 'go on, and tell each change of what runs; with register the gateway follows it',
    load: () => import('./discover/watch.ts'),
  },
  doctor: {
    about: 'what this machine has for running the stack, what it lacks, and the fix for each',
    load: () => import('./doctor.ts'),
  },
  down: {
    about: 'end every process of the stack; what was adopted goes on',
    load: () => import('./down.ts'),
  },
  env: {
    about: 'the variables that a service is run with, as up gives them',
    load: () => import('./env.ts'),
  },
  'events asyncapi': {
    about: 'an AsyncAPI 3 document of the events',
    load: () => import('./events/asyncapi.ts'),
  },
  'events diff': {
    about: 'what has changed in the contracts, and who can no longer read whom',
    load: () => import('./events/diff.ts'),
  },
  'events docs': {
    about: 'a page in Markdown that describes every event',
    load: () => import('./events/docs.ts'),
  },
  'events publish': {
    about: 'publish one event, checked against its contract; returns when the broker has confirmed it',
    load: () => import('./events/publish.ts'),
  },
  'events replay': {
    about: 'put dead letters back where they came from',
    load: () => import('./events/replay.ts'),
  },
  'events tail': {
    about: 'follow events as they pass, without taking them from anybody',
    load: () => import('./events/tail.ts'),
  },
  'events types': {
    about: 'TypeScript of the events: their types, and where each goes',
    load: () => import('./events/types.ts'),
  },
  'events validate': {
    about: 'check the contracts of the events; with files, check the events in them',
    load: () => import('./events/validate.ts'),
  },
  graph: {
    about: 'what the stack is made of and what leads where; nothing has to run',
    load: () => import('./graph.ts'),
  },
  heal: {
    about: 'mend what is broken, root cause first, and prove it; what is not ours is left alone',
    load: () => import('./heal/index.ts'),
  },
  'heal watch': {
    about: 'go on, and act when the score falls below the bar',
    load: () => import('./heal/watch.ts'),
  },
  init: {
    about: 'write qbtc.yaml for the services that this folder has already, and say what stands in the way',
    load: () => import('./init.ts'),
  },
  'logs follow': {
    about: 'what the processes and containers of the stack wrote, and write from now on',
    load: () => import('./logs/follow.ts'),
  },
  'logs read': {
    about: 'what the processes and containers of the stack wrote, in the order of time',
    load: () => import('./logs/read.ts'),
  },
  metrics: {
    about: 'the numbers of machine, services, broker, cache, database and gateway; needs no Prometheus',
    load: () => import('./metrics.ts'),
  },
  open: {
    about: 'show the gateway, a broker or a service in the browser; prints its address',
    load: () => import('./open.ts'),
  },
  ports: {
    about: 'every port of the stack, whose it is, and who listens on it now',
    load: () => import('./ports.ts'),
  },
  ps: {
    about: 'every stack that runs on this machine: its folder, parts and ports',
    load: () => import('./ps.ts'),
  },
  remove: {
    about: 'take an add-on out of this stack; what was changed of it by hand is kept, and its data',
    load: () => import('./addons/remove.ts'),
  },
  restart: {
    about: 'end some of the stack, start it again, and return when it is ready',
    load: () => import('./restart.ts'),
  },
  'routes diff': {
    about: 'what routes sync would change',
    load: () => import('./routes/diff.ts'),
  },
  'routes dump': {
    about: 'what the gateway holds of this stack, as a file that routes sync reads',
    load: () => import('./routes/dump.ts'),
  },
  'routes explain': {
    about: 'which route would answer a request, and why not the others',
    load: () => import('./routes/explain.ts'),
  },
  'routes export': {
    about: 'the routes as a file of another tool: APISIX (standalone) or ADC; no secret is in it',
    load: () => import('./routes/export.ts'),
  },
  'routes import': {
    about: 'take over the routes of a file of another tool, and name what cannot be carried over',
    load: () => import('./routes/import.ts'),
  },
  'routes lint': {
    about: 'look for mistakes in what is declared, without a gateway',
    load: () => import('./routes/lint.ts'),
  },
  'routes list': {
    about: 'the routes of the gateway: where they lead, whose they are, what runs on them',
    load: () => import('./routes/list.ts'),
  },
  'routes sync': {
    about: 'bring the gateway to what the stack declares; touches nothing that is not ours',
    load: () => import('./routes/sync.ts'),
  },
  'routes validate': {
    about: 'ask the gateway whether it would take what is declared; writes nothing',
    load: () => import('./routes/validate.ts'),
  },
  score: {
    about: 'judge the running stack: 100 points, each lost one with its reason and what wins it back',
    load: () => import('./score/index.ts'),
  },
  'score check': {
    about: 'what a check of the score judges',
    load: () => import('./score/check.ts'),
  },
  'secrets list': {
    about: 'what secrets the stack has, what each is for, and which services get it; never a value',
    load: () => import('./secrets/list.ts'),
  },
  'secrets rotate': {
    about: 'put new values in the place of secrets, in the running stack',
    load: () => import('./secrets/rotate.ts'),
  },
  status: {
    about: 'what runs, and whether it answers its protocol with its credentials',
    load: () => import('./status/index.ts'),
  },
  'status watch': {
    about:
      'what runs, the last score with its flows, and what heal did last, again and again until it is interrupted',
    load: () => import('./status/watch.ts'),
  },
  stop: {
    about: 'end some of the stack; the rest goes on, and up starts them again',
    load: () => import('./stop.ts'),
  },
  test: {
    about: 'run the flows: one correlation id followed through HTTP, AMQP and SQL',
    load: () => import('./test.ts'),
  },
  'topology apply': {
    about: 'bring the broker to what the stack declares; what needs a migration is left as it is',
    load: () => import('./topology/apply.ts'),
  },
  'topology check': {
    about: 'what the topology allows and its owner will regret; needs no broker',
    load: () => import('./topology/check.ts'),
  },
  'topology import': {
    about: 'take over what RabbitMQ holds: its definitions.json, or a live broker',
    load: () => import('./topology/import.ts'),
  },
  'topology export': {
    about: 'the whole topology: as a file of ours, or as definitions that a RabbitMQ loads',
    load: () => import('./topology/export.ts'),
  },
  'topology graph': {
    about: 'the topology as a Mermaid flowchart',
    load: () => import('./topology/graph.ts'),
  },
  'topology migrate': {
    about: 'give a queue the declared type and arguments, without losing a message or the order',
    load: () => import('./topology/migrate.ts'),
  },
  'topology plan': {
    about: 'what topology apply would change, and what needs a migration',
    load: () => import('./topology/plan.ts'),
  },
  'trace ls': {
    about: 'list traces, the newest first',
    load: () => import('./trace/ls.ts'),
  },
  'trace show': {
    about: 'what one request set off, span by span',
    load: () => import('./trace/show.ts'),
  },
  up: {
    about: 'start the stack, apply migrations, topology and routes, and return when all of it is healthy',
    load: () => import('./up/index.ts'),
  },
  'up watch': {
    about: 'start the stack, and bring each change that is saved to it until it is interrupted',
    load: () => import('./up/watch.ts'),
  },
  upgrade: {
    about: 'bring this stack to the template of this version; what was changed in it stays',
    load: () => import('./upgrade.ts'),
  },
  wait: {
    about: 'wait until parts are healthy, the score is reached, or flows pass; says what is missing',
    load: () => import('./wait.ts'),
  },
};

export type OperationName = keyof typeof OPERATIONS;
