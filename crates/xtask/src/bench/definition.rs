//! Definitions to measure with: made anew each time, the same every time.

use hld_testkit::Files;

/// Environments of the wide definition.
pub(super) const ENVIRONMENTS: usize = 10;

/// Components of each folder of the wide definition.
const WIDTH: usize = 50;

/// `n` components without charts: every other one static (three manifests), every other one a
/// template (two manifests) with config from its folder, for ten environments.
pub(super) fn wide(n: usize) -> Files {
    let mut files = Files::default();
    let mut put = |path: String, text: String| files.0.insert(path, text.into_bytes());
    let n_folders = n.div_ceil(WIDTH);
    let references = (0..n_folders).map(|at| format!("- name: g{at}\n  source: ./g{at}\n"));
    put(
        "component.yaml".to_owned(),
        format!("name: wide\nsubcomponents:\n{}", references.collect::<String>()),
    );
    let environments = (0..ENVIRONMENTS).map(|at| format!("  e{at}: {{}}\n"));
    put(
        "hld.yaml".to_owned(),
        format!("apiVersion: hld.dev/v1\nenvironments:\n{}", environments.collect::<String>()),
    );
    for folder in 0..n_folders {
        let names: Vec<String> =
            (0..WIDTH.min(n - folder * WIDTH)).map(|at| format!("c{folder}-{at}")).collect();
        let kind = |at: usize| if at.is_multiple_of(2) { "static" } else { "template" };
        let entry = |(at, name): (usize, &String)| {
            format!("- name: {name}\n  type: {}\n  path: ./{name}\n", kind(at))
        };
        let entries: String = names.iter().enumerate().map(entry).collect();
        put(format!("g{folder}/component.yaml"), format!("name: g{folder}\nsubcomponents:\n{entries}"));
        for (at, name) in names.iter().enumerate() {
            let (n_files, text) = if at.is_multiple_of(2) { (3, MANIFEST) } else { (2, TEMPLATE) };
            for file in 0..n_files {
                let text = text.replace("NAME", name).replace("NUMBER", &file.to_string());
                put(format!("g{folder}/{name}/m{file}.yaml"), text);
            }
        }
        put(format!("g{folder}/config/common.yaml"), config(&names, COMMON));
        for environment in 0..ENVIRONMENTS {
            let text = OVERRIDE.replace("NUMBER", &(environment + 2).to_string());
            put(format!("g{folder}/config/e{environment}.yaml"), config(&names, &text));
        }
    }
    files
}

/// Config for every template among the components of a folder.
fn config(names: &[String], text: &str) -> String {
    let templates = names.iter().skip(1).step_by(2);
    format!("subcomponents:\n{}", templates.map(|name| format!("  {name}:\n{text}")).collect::<String>())
}

/// `n` small charts and as many static components, all of one file each.
pub(super) fn charts(n: usize) -> Files {
    let mut files = Files::default();
    let mut put = |path: String, text: String| files.0.insert(path, text.into_bytes());
    let mut component = "name: charts\nsubcomponents:\n".to_owned();
    let mut config = "subcomponents:\n".to_owned();
    for at in 0..n {
        component += &format!("- name: chart{at}\n  type: helm\n  path: ./charts/c{at}\n");
        component += &format!("- name: static{at}\n  type: static\n  path: ./static/s{at}\n");
        config += &format!("  chart{at}:\n    config:\n      replicas: {at}\n");
        put(format!("charts/c{at}/Chart.yaml"), format!("apiVersion: v2\nname: c{at}\nversion: 1.0.0\n"));
        put(format!("charts/c{at}/values.yaml"), "replicas: 1\nimage: web:1.0\n".to_owned());
        put(format!("charts/c{at}/templates/deployment.yaml"), CHART_TEMPLATE.to_owned());
        put(
            format!("static/s{at}/a.yaml"),
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s{at}\n"),
        );
    }
    put("component.yaml".to_owned(), component);
    put("config/common.yaml".to_owned(), config);
    files
}

const MANIFEST: &str = "\
# manifest NUMBER of NAME
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME-NUMBER
  namespace: shop
  labels: {app.kubernetes.io/name: NAME, app.kubernetes.io/part-of: shop}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      containers:
      - name: main
        image: \"registry.example/NAME:1.2.3\"
        args: [\"--listen\", \"0.0.0.0:8080\", \"--verbose\"]
        env:
        - name: LOG_LEVEL
          value: \"info\"
        resources:
          limits: {cpu: 500m, memory: 256Mi}
          requests: {cpu: 100m, memory: 128Mi}
";

const TEMPLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME-NUMBER
  namespace: {{ namespace }}
  labels:
    app: NAME
    environment: {{ environment.name }}
spec:
  replicas: {{ values.replicas }}
  template:
    spec:
      containers:
      - name: main
        image: \"{{ values.image.repository }}:{{ values.image.tag }}\"
        env:
{% for variable in values.env %}
        - name: {{ variable.name }}
          value: {{ variable.value | quote }}
{% endfor %}
";

const COMMON: &str = "    \
    namespace: shop
    config:
      replicas: 1
      image: {repository: registry.example/web, tag: \"1.0\"}
      env: [{name: LOG_LEVEL, value: info}, {name: COLOUR, value: blue}]
";

const OVERRIDE: &str = "    \
    config:
      replicas: NUMBER
      env: [{name: NUMBER_OF_REPLICAS, value: \"NUMBER\"}]
";

const CHART_TEMPLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {{- toYaml (dict \"app\" .Chart.Name) | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: main
        image: {{ .Values.image | quote }}
";
