package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// mostStarting is how long the parts may take until they are ready, on a machine that is busy.
const mostStarting = 3 * time.Minute

// plane is a control plane that runs.
type plane struct {
	folder string
	store  *embed.Etcd
	parts  []*exec.Cmd
	// ended gets the name of a part that has ended.
	ended chan string
}

func controlPlane(arguments []string) error {
	flags := flag.NewFlagSet("control-plane", flag.ContinueOnError)
	withControllers := flags.Bool("controllers", true, "run the controller manager and the scheduler as well")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("control-plane needs a folder")
	}
	// A part dies with the thread that started it: this one, which lives as long as the program.
	runtime.LockOSThread()
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go watchParent(os.Getppid(), cancel)
	folder, err := filepath.Abs(flags.Arg(0))
	if err != nil {
		return err
	}
	ours := &plane{folder: folder, ended: make(chan string, 3)}
	defer ours.stop()
	if err := ours.start(stop, *withControllers); err != nil {
		return err
	}
	fmt.Printf("ready %s\n", ours.file("kubeconfig"))
	select {
	case <-stop.Done():
		return nil
	case name := <-ours.ended:
		return fmt.Errorf("%s ended: see %s", name, ours.file(name+".log"))
	}
}

// watchParent stops the program when it has another parent than at its start.
func watchParent(parent int, stop func()) {
	for os.Getppid() == parent {
		time.Sleep(200 * time.Millisecond)
	}
	stop()
}

func (p *plane) file(name string) string { return filepath.Join(p.folder, name) }

func (p *plane) start(stop context.Context, withControllers bool) error {
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	server := fmt.Sprintf("https://127.0.0.1:%d", port)
	if err := p.issue(server); err != nil {
		return err
	}
	if err := p.startStore(); err != nil {
		return err
	}
	if err := p.startPart("kube-apiserver", p.serverFlags(port, withControllers)); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if err := p.wait(stop, "the API server", func() bool { return isServing(stop, client) }); err != nil {
		return err
	}
	if !withControllers {
		return nil
	}
	return p.startControllers(stop, client)
}

// startControllers waits until they have made what every namespace has.
func (p *plane) startControllers(stop context.Context, client kubernetes.Interface) error {
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		flags := []string{"--kubeconfig=" + p.file(name+".kubeconfig"), "--leader-elect=false", "--secure-port=0"}
		if name == "kube-controller-manager" {
			flags = append(flags,
				"--service-account-private-key-file="+p.file("sa.key"),
				"--root-ca-file="+p.file("ca.crt"),
				"--use-service-account-credentials=true",
				"--controllers=*,-node-ipam-controller,-cloud-node-lifecycle-controller")
		}
		if err := p.startPart(name, flags); err != nil {
			return err
		}
	}
	return p.wait(stop, "the controllers", func() bool {
		_, err := client.CoreV1().ServiceAccounts("default").Get(stop, "default", metav1.GetOptions{})
		return err == nil
	})
}

// issue makes what the parts and the tests show each other.
func (p *plane) issue(server string) error {
	ours, err := newAuthority(p.folder)
	if err != nil {
		return err
	}
	users := []struct {
		name, user, file string
		groups           []string
	}{
		{"server", "kube-apiserver", "", nil},
		{"admin", "admin", "kubeconfig", []string{"system:masters"}},
		{"kube-controller-manager", "system:kube-controller-manager", "kube-controller-manager.kubeconfig", nil},
		{"kube-scheduler", "system:kube-scheduler", "kube-scheduler.kubeconfig", nil},
	}
	for _, user := range users {
		if err := ours.issue(user.name, user.user, user.groups); err != nil {
			return err
		}
		if user.file == "" {
			continue
		}
		if err := ours.kubeconfig(p.file(user.file), user.name, server); err != nil {
			return err
		}
	}
	return nil
}

// startStore starts etcd, which trusts the disk: what it keeps lives no longer than the program.
func (p *plane) startStore() error {
	config := embed.NewConfig()
	config.Dir = p.file("etcd")
	config.LogLevel = "error"
	config.LogOutputs = []string{p.file("etcd.log")}
	config.UnsafeNoFsync = true
	config.EnableGRPCGateway = false
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = anyPort, anyPort
	config.ListenPeerUrls, config.AdvertisePeerUrls = anyPort, anyPort
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	store, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	p.store = store
	select {
	case <-store.Server.ReadyNotify():
		return nil
	case <-time.After(mostStarting):
		return errors.New("etcd is not ready")
	}
}

func (p *plane) serverFlags(port int, withControllers bool) []string {
	flags := []string{
		"--etcd-servers=http://" + p.store.Clients[0].Addr().String(),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		// There are no endpoints that a pod could reach.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + p.file("server.crt"),
		"--tls-private-key-file=" + p.file("server.key"),
		"--client-ca-file=" + p.file("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.file("sa.key"),
		"--service-account-signing-key-file=" + p.file("sa.key"),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
	}
	if !withControllers {
		// Nobody would make the account that it asks for.
		flags = append(flags, "--disable-admission-plugins=ServiceAccount")
	}
	return flags
}

// startPart starts this program again under another name, or a program of that name in the folder
// that KUBEBUILDER_ASSETS names. It dies with us.
func (p *plane) startPart(name string, flags []string) error {
	log, err := os.Create(p.file(name + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	ours, err := os.Executable()
	if err != nil {
		return err
	}
	part := exec.Command(ours, append([]string{name}, flags...)...)
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		if theirs := filepath.Join(assets, name); isFile(theirs) {
			part = exec.Command(theirs, flags...)
		}
	}
	part.Stdout, part.Stderr = log, log
	part.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := part.Start(); err != nil {
		return err
	}
	p.parts = append(p.parts, part)
	go func() {
		_ = part.Wait()
		p.ended <- name
	}()
	return nil
}

func (p *plane) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", p.file("kubeconfig"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// wait asks until the answer is yes.
func (p *plane) wait(stop context.Context, what string, isReady func() bool) error {
	deadline := time.After(mostStarting)
	for !isReady() {
		select {
		case <-stop.Done():
			return errors.New("stopped while it started")
		case name := <-p.ended:
			return fmt.Errorf("%s ended: see %s", name, p.file(name+".log"))
		case <-deadline:
			return fmt.Errorf("%s: not ready after %s", what, mostStarting)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func isServing(ctx context.Context, client kubernetes.Interface) bool {
	answer, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err == nil && string(answer) == "ok"
}

// stop ends the parts at once: nothing of them is used again.
func (p *plane) stop() {
	for _, part := range p.parts {
		_ = part.Process.Kill()
	}
	if p.store != nil {
		p.store.Server.HardStop()
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
