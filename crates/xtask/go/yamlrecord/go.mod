module yamlrecord

go 1.24

require (
	github.com/timfpark/yaml v0.0.0-20190612232118-2e9e29c9df01
	go.yaml.in/yaml/v3 v3.0.4
	sigs.k8s.io/yaml v1.6.0
)

require go.yaml.in/yaml/v2 v2.4.2 // indirect
