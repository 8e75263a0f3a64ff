import Hosts
import Nemesis
import Testbed

/// Makes the testbed that a run asks for, and who operates on its replicas' folders.
enum TestbedMaker {
    static func make(
        _ options: RunOptions, needs: Set<TestbedCapability>
    ) throws(TestbedError) -> any Testbed {
        switch options.testbed {
        case .local, .namespaces:
            return try LocalTestbed(
                .init(
                    binary: options.replicaBinary,
                    placement: try Placement(options.testbed, seed: options.seed), needs: needs))
        case .ssh:
            guard let path = options.hostsFile else {
                throw .refused(testbed: options.testbed.rawValue, reason: "no --hosts")
            }
            let lanes: HostLanes
            do throws(HostsFile.Failure) {
                lanes = try HostLanes(
                    HostsFile(path: path), PinnedKeys(path: PinnedKeys.path(of: path)))
            } catch {
                throw .refused(testbed: options.testbed.rawValue, reason: "\(error)")
            }
            return try lanes.testbed(binary: options.replicaBinary)
        }
    }

    static func surgeon(of testbed: any Testbed) -> any Surgeon {
        guard let folders = testbed.distantFolders else {
            return ReplicaSurgeon(layout: testbed.layout)
        }
        return StagedSurgeon(layout: testbed.layout, folders: folders)
    }
}
