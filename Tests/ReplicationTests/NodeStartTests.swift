import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Starting a replica")
struct NodeStartTests {
    @Test(
        "every recorded set of files gives the recorded start and leaves the recorded files",
        arguments: NodeHome.Kind.allCases)
    func recordedStarts(_ kind: NodeHome.Kind) throws {
        let metadata = try Vectors.json("replica-metadata.json")
        let prepared = try Vectors.json("prepare-log.json")
        try run(metadata["startup_cases"].array, metadata["startup_config"], kind)
        try run(prepared["startup_cases"].array, prepared["config"], kind)
        print("replica-metadata start-up (\(kind)): \(metadata["startup_cases"].array.count) cases")
        print("prepare-log start-up (\(kind)): \(prepared["startup_cases"].array.count) cases")
        #expect(metadata["startup_cases"].array.count == 28)
        #expect(prepared["startup_cases"].array.count == 63)
    }

    private func run(_ cases: [JSONValue], _ bounds: JSONValue, _ kind: NodeHome.Kind) throws {
        for start in cases {
            let name = start["name"].string ?? ""
            let home = try NodeHome(kind)
            defer { home.remove() }
            for file in NodeFiles.allCases {
                try home.write(file, start["files_before"][file.rawValue].hex)
            }
            let configuration = NodeConfiguration(
                identity: try start["identity"].identity(),
                kernel: try bounds["core"].kernelConfiguration(),
                engine: try bounds["engine"].engineConfiguration())
            _ = try expectStart(
                {
                    start["mode"].string == "open"
                        ? try ReplicaNode.open(configuration, on: home.storage)
                        : try ReplicaNode.recover(configuration, from: home.storage)
                }, gives: start["result"], name)
            for file in NodeFiles.allCases {
                #expect(
                    home.read(file) == start["files_after"][file.rawValue].hex,
                    "\(name): \(file.rawValue)")
            }
            if let listing = try home.listing() {
                #expect(
                    listing == start["folder_listing_after"].array.compactMap(\.string), "\(name)")
            }
        }
    }

    @Test("the prepared log and the temporary files are named after the metadata file")
    func fileNames() throws {
        let cases = try Vectors.json("replica-metadata.json")["file_names"].array
        for names in cases {
            let metadata = try #require(names["metadata_file_name"].string)
            let paths = ReplicaPaths(metadata: metadata, log: "s.wal", snapshot: "s.snapshot")
            #expect(paths.journal == names["prepare_log_file_name"].string)
        }
        print("replica-metadata file names: \(cases.count) cases")
        #expect(cases.count == 6)
    }
}
