// A Kubernetes control plane for tests, in one program: etcd, the API server, the controller manager,
// the scheduler, and kubectl.
//
//	apiserver control-plane [--controllers=false] FOLDER
//	apiserver kubectl ARGUMENT…
//
// `control-plane` makes its certificates in FOLDER, listens on free ports of the loopback interface,
// writes FOLDER/kubeconfig, prints one line that begins with `ready` and runs until it gets SIGTERM or
// its parent dies. The other parts are this program again, started by their name.
package main

import (
	"fmt"
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: apiserver control-plane [--controllers=false] FOLDER | apiserver kubectl ARGUMENT…")
	}
	name := os.Args[1]
	// Each part reads its own arguments as if it had been started alone.
	os.Args = os.Args[1:]
	switch name {
	case "control-plane":
		if err := controlPlane(os.Args[1:]); err != nil {
			fail(err.Error())
		}
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kubectl":
		if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	default:
		fail("there is no part " + name)
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
