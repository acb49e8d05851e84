/** A route of the gateway, with everything that it refers to. */
export interface ListedRoute {
  id: string;
  methods: string[];
  /** With the host before it where there is one. */
  uris: string[];
  /** `127.0.0.1:8000`, or why there is no node. */
  nodes: string[];
  plugins: string[];
  /** Empty when it is ours. */
  owner: string;
  status: 'on' | 'off';
}

/** One route, as a request meets it. */
export interface RouteVerdict {
  id: string;
  uris: string[];
  /** Why it does not answer; empty for the one that does. */
  reason: string;
}

/** A route that does not answer. */
export interface OtherVerdict extends RouteVerdict {
  /** It takes the request as well, and only the order in which the two were made says which one answers. */
  undecided: boolean;
}

/** Which route answers a request, and why the others do not. */
export interface Explanation {
  method: string;
  url: string;
  /** The route that answers; `undefined` when the gateway would say 404. */
  answer: RouteVerdict | undefined;
  /** The others, the nearest first. */
  others: OtherVerdict[];
}

/** What a gateway holds, as a file. */
export interface Dump {
  /** The YAML that `gateway.files` takes. */
  yaml: string;
  objects: number;
  /** What the gateway does not tell, and so is not in the file. */
  missing: string[];
}
