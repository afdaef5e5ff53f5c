package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// authority signs the certificates of one control plane. It lives as long as the program.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes FOLDER/ca.crt, and FOLDER/sa.key with which tokens are signed.
func newAuthority(folder string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template("hld-tests", nil)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	bytes, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(bytes)
	if err != nil {
		return nil, err
	}
	tokens, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := writeKey(filepath.Join(folder, "sa.key"), tokens); err != nil {
		return nil, err
	}
	ours := &authority{folder, certificate, key}
	return ours, writePem(ours.path("ca.crt"), "CERTIFICATE", bytes)
}

func (a *authority) path(name string) string { return filepath.Join(a.folder, name) }

// issue writes NAME.crt and NAME.key for a user, or for the server.
func (a *authority) issue(name, user string, groups []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := template(user, groups)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	bytes, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return err
	}
	if err := writeKey(a.path(name+".key"), key); err != nil {
		return err
	}
	return writePem(a.path(name+".crt"), "CERTIFICATE", bytes)
}

// kubeconfig writes FILE, with which a user of `issue` reaches the server. It holds all it needs.
func (a *authority) kubeconfig(file, name, server string) error {
	read := func(name string) []byte {
		bytes, _ := os.ReadFile(a.path(name))
		return bytes
	}
	config := api.NewConfig()
	config.Clusters["tests"] = &api.Cluster{Server: server, CertificateAuthorityData: read("ca.crt")}
	config.AuthInfos[name] = &api.AuthInfo{
		ClientCertificateData: read(name + ".crt"),
		ClientKeyData:         read(name + ".key"),
	}
	config.Contexts["tests"] = &api.Context{Cluster: "tests", AuthInfo: name}
	config.CurrentContext = "tests"
	return clientcmd.WriteToFile(*config, file)
}

func template(user string, groups []string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: user, Organization: groups},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
	}
}

func writeKey(file string, key *ecdsa.PrivateKey) error {
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePem(file, "EC PRIVATE KEY", bytes)
}

func writePem(file, kind string, bytes []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600)
}
