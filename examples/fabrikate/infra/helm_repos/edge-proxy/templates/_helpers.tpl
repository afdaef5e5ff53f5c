{{- define "edge-proxy.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | replace "edge-proxy-edge-proxy" "edge-proxy" | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "edge-proxy.labels" -}}
app: {{ .Chart.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
release: {{ .Release.Name }}
heritage: {{ .Release.Service }}
{{- end -}}
