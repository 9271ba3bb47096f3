{{- define "abaci.name" -}}{{ .Release.Name }}{{- end }}

{{- define "abaci.labels" -}}
app.kubernetes.io/name: abaci
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- /* The environment of api, worker and migration. */ -}}
{{- define "abaci.backends" -}}
- { name: PGHOST, value: {{ .Values.postgres.host | quote }} }
- { name: PGPORT, value: {{ .Values.postgres.port | quote }} }
- { name: PGDATABASE, value: {{ .Values.postgres.database | quote }} }
- { name: PGUSER, value: {{ .Values.postgres.user | quote }} }
- { name: PGSSLMODE, value: {{ .Values.postgres.sslMode | quote }} }
- { name: PGPASSWORD_FILE, value: /run/secrets/postgres/password }
{{- if .Values.postgres.caSecret.name }}
- { name: PGSSLROOTCERT, value: /run/secrets/postgres-ca/ca.crt }
{{- end }}
- { name: REDIS_HOST, value: {{ .Values.redis.host | quote }} }
- { name: REDIS_PORT, value: {{ .Values.redis.port | quote }} }
{{- with .Values.redis.username }}
- { name: REDIS_USERNAME, value: {{ . | quote }} }
{{- end }}
- { name: REDIS_TLS, value: {{ .Values.redis.tls | quote }} }
- { name: REDIS_PASSWORD_FILE, value: /run/secrets/redis/password }
- { name: ABACI_REDIS_PREFIX, value: {{ .Values.redis.prefix | quote }} }
- { name: ABACI_VALUES_URL, value: {{ required "valuesUrl is required" .Values.valuesUrl | quote }} }
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "abaci.mounts" -}}
- { name: postgres, mountPath: /run/secrets/postgres, readOnly: true }
- { name: redis, mountPath: /run/secrets/redis, readOnly: true }
{{- if .Values.postgres.caSecret.name }}
- { name: postgres-ca, mountPath: /run/secrets/postgres-ca, readOnly: true }
{{- end }}
- { name: data, mountPath: /data }
{{- end }}

{{- define "abaci.volumes" -}}
- name: postgres
  secret: { secretName: {{ .Values.postgres.passwordSecret.name }}, items: [{ key: {{ .Values.postgres.passwordSecret.key }}, path: password }] }
- name: redis
  secret: { secretName: {{ .Values.redis.passwordSecret.name }}, items: [{ key: {{ .Values.redis.passwordSecret.key }}, path: password }] }
{{- with .Values.postgres.caSecret }}
{{- if .name }}
- name: postgres-ca
  secret: { secretName: {{ .name }}, items: [{ key: {{ .key }}, path: ca.crt }] }
{{- end }}
{{- end }}
- name: data
  emptyDir: {}
{{- end }}

{{- define "abaci.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "abaci.pod" -}}
serviceAccountName: {{ include "abaci.name" . }}
automountServiceAccountToken: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "abaci.image" -}}
{{- $image := .root.Values.image -}}
{{ $image.repository }}/abaci-{{ .role }}{{ with get $image.digests .role }}@{{ . }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}
