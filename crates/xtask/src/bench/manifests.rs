//! A stream of manifests for measuring: the same on every machine, and like real ones.

use std::fmt::Write as _;

/// At least `bytes` of documents: Deployments, definitions of resources with long descriptions,
/// ConfigMaps with block scalars, RBAC lists, Services.
pub(crate) fn stream(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + (64 << 10));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut n = 0;
    while out.len() < bytes {
        if n > 0 {
            out.push_str("---\n");
        }
        match random.below(20) {
            0..7 => deployment(&mut out, &mut random, n),
            7..9 => definition(&mut out, &mut random, n),
            9..12 => config_map(&mut out, &mut random, n),
            12..16 => role(&mut out, &mut random, n),
            _ => service(&mut out, &mut random, n),
        }
        n += 1;
    }
    out
}

/// Xorshift: numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const WORDS: &[&str] = &[
    "the",
    "of",
    "controller",
    "resource",
    "when",
    "set",
    "must",
    "value",
    "default",
    "pod",
    "list",
    "field",
    "an",
    "is",
    "namespace",
    "selector",
    "name",
    "if",
    "specified",
    "object",
    "server",
    "volume",
    "container",
    "be",
    "policy",
    "optional",
    "to",
    "reference",
    "not",
    "request",
    "which",
    "status",
    "type",
    "label",
];
const APPS: &[&str] =
    &["web", "api", "worker", "cache", "gateway", "scheduler", "indexer", "proxy", "metrics"];

fn sentence(random: &mut Random, n_words: usize) -> String {
    let words: Vec<&str> = (0..n_words).map(|_| random.pick(WORDS)).collect();
    words.join(" ")
}

fn header(out: &mut String, (version, kind): (&str, &str), name: &str, random: &mut Random) {
    let _ = write!(
        out,
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {}\n  labels:\n    \
         app.kubernetes.io/name: {name}\n    app.kubernetes.io/version: \"{}.{}\"\n    app.kubernetes.io/part-of: {}\n",
        random.pick(APPS),
        random.below(9),
        random.below(30),
        random.pick(APPS),
    );
}

fn deployment(out: &mut String, random: &mut Random, n: usize) {
    let name = format!("{}-{n}", random.pick(APPS));
    header(out, ("apps/v1", "Deployment"), &name, random);
    let _ = write!(
        out,
        "  annotations:\n    description: >-\n      {}\n      {}\nspec:\n  replicas: {}\n  revisionHistoryLimit: 10\n  \
         selector:\n    matchLabels:\n      app: {name}\n  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: 1, \
         maxUnavailable: 25%}}}}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n      \
         serviceAccountName: {name}\n      containers:\n",
        sentence(random, 10),
        sentence(random, 7),
        random.below(9) + 1,
    );
    for container in 0..random.below(3) + 1 {
        let _ = write!(
            out,
            "      - name: {name}-{container}\n        image: registry.example.com/team/{name}:v1.{}.{}\n        \
             imagePullPolicy: IfNotPresent\n        args: [\"--port=8080\", \"--log-level=info\"]\n        ports:\n        \
             - containerPort: 8080\n          name: http\n          protocol: TCP\n        env:\n",
            random.below(30),
            random.below(30),
        );
        for variable in 0..random.below(8) {
            let _ = write!(
                out,
                "        - name: SETTING_{variable}\n          value: \"{}\"\n",
                random.below(10_000)
            );
        }
        out.push_str(
            "        # measured in production\n        resources:\n          requests:\n            cpu: 100m\n            \
             memory: 128Mi\n          limits:\n            cpu: \"1\"\n            memory: 512Mi\n        livenessProbe:\n          \
             httpGet:\n            path: /healthz\n            port: http\n          initialDelaySeconds: 10\n          \
             periodSeconds: 5\n        volumeMounts:\n        - mountPath: /etc/config\n          name: config\n          \
             readOnly: true\n",
        );
    }
    let _ = write!(out, "      volumes:\n      - name: config\n        configMap:\n          name: {name}\n");
}

fn definition(out: &mut String, random: &mut Random, n: usize) {
    let name = format!("things{n}.example.com");
    header(out, ("apiextensions.k8s.io/v1", "CustomResourceDefinition"), &name, random);
    let _ = write!(
        out,
        "spec:\n  group: example.com\n  names:\n    kind: Thing{n}\n    plural: things{n}\n  scope: Namespaced\n  versions:\n  \
         - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
         properties:\n",
    );
    for property in 0..random.below(40) + 20 {
        let _ = write!(out, "          property{property}:\n            description: |-\n");
        for _ in 0..random.below(4) + 1 {
            let _ = writeln!(out, "              {}.", sentence(random, 14));
        }
        let _ = write!(
            out,
            "            type: object\n            required: [name]\n            properties:\n              name:\n                \
             description: {}\n                type: string\n              size:\n                format: int32\n                \
             type: integer\n                minimum: 0\n",
            sentence(random, 12),
        );
    }
}

fn config_map(out: &mut String, random: &mut Random, n: usize) {
    let name = format!("{}-config-{n}", random.pick(APPS));
    header(out, ("v1", "ConfigMap"), &name, random);
    out.push_str("data:\n");
    for file in 0..random.below(3) + 1 {
        let _ = writeln!(out, "  file{file}.conf: |");
        for line in 0..random.below(60) + 5 {
            let _ =
                writeln!(out, "    key_{line} = \"{}\"  # {}", random.below(100_000), sentence(random, 4));
        }
    }
    let _ =
        write!(out, "  single: 'it''s {}'\n  other: \"a\\tb {}\"\n", random.pick(WORDS), random.pick(WORDS));
}

fn role(out: &mut String, random: &mut Random, n: usize) {
    let name = format!("{}-role-{n}", random.pick(APPS));
    header(out, ("rbac.authorization.k8s.io/v1", "ClusterRole"), &name, random);
    out.push_str("rules:\n");
    for _ in 0..random.below(10) + 3 {
        out.push_str(
            "- apiGroups:\n  - \"\"\n  - apps\n  resources:\n  - pods\n  - deployments/status\n  verbs:\n",
        );
        for verb in ["get", "list", "watch", "create"].iter().take(random.below(4) + 1) {
            let _ = writeln!(out, "  - {verb}");
        }
    }
}

fn service(out: &mut String, random: &mut Random, n: usize) {
    let name = format!("{}-service-{n}", random.pick(APPS));
    header(out, ("v1", "Service"), &name, random);
    let _ = write!(
        out,
        "spec:\n  type: ClusterIP\n  selector:\n    app: {name}\n  ports:\n  - name: http\n    port: 80\n    \
         targetPort: {}\n    protocol: TCP\n",
        8000 + random.below(100),
    );
}
