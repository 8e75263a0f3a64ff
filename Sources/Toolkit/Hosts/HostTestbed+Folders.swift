import ClusterProtocol
public import LeaseKernel
import Remote
import SystemCalls
public import Testbed

extension HostTestbed: DistantFolders {
    public var distantFolders: (any DistantFolders)? { self }

    public func fetch(_ replica: ReplicaID, into folder: String) throws(TestbedError) {
        let machine = try machine(replica)
        let place = try place(replica)
        try machine.call(["settle"])
        let quoted = ShellText.quoted(place.workspaceDirectory)
        let list = try machine.run(
            "if test -d \(quoted); then ls -1A \(quoted); fi", step: "listing its replica's folder")
        for name in list.split(separator: "\n").map(String.init) {
            do throws(RemoteError) {
                try machine.remote.download(
                    Path.join(place.workspaceDirectory, name), to: Path.join(folder, name),
                    until: .after(HostMachine.uploadLimit))
            } catch {
                throw .machine(replica, during: "fetching \(name)", "\(error)")
            }
        }
    }

    public func put(_ replica: ReplicaID, from folder: String) throws(TestbedError) {
        let machine = try machine(replica)
        let place = try place(replica)
        let fresh = place.workspaceDirectory + ".new"
        let quoted = ShellText.quoted(fresh)
        try machine.call(["settle"])
        try machine.run("rm -rf \(quoted) && mkdir \(quoted)", step: "making a folder")
        let names: [String]
        do throws(SystemError) {
            names = try FileSystem.list(folder)
        } catch {
            throw .system(during: "listing what replica \(replica) is to get", error)
        }
        for name in names {
            do throws(RemoteError) {
                try machine.remote.upload(
                    Path.join(folder, name), to: Path.join(fresh, name), permissions: 0o644,
                    until: .after(HostMachine.uploadLimit))
            } catch {
                throw .machine(replica, during: "sending \(name)", "\(error)")
            }
        }
        try machine.call(["adopt", Path.lastComponent(of: place.workspaceDirectory)])
    }
}
