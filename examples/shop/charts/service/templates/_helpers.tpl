{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/part-of: shop
app.kubernetes.io/version: {{ .Values.image.tag | quote }}
{{- end }}

{{- define "service.image" -}}
{{- $image := .Values.image -}}
{{ required "image.repository must be set" $image.repository }}:{{ required "image.tag must be set" $image.tag }}
{{- end }}

{{- define "service.containerPort" -}}
{{ eq (int .Values.port) 80 | ternary 8080 .Values.port }}
{{- end }}
