import ClusterProtocol
import ClusterRunner
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

/// The cluster of one recorded session, driven by the built program alone, and the translation
/// between its texts and the recorded ones.
struct SessionCluster {
    let root: String
    let executable: String
    let layout: ClusterLayout
    private let smallDisk: String?

    init(folder: String, layoutChanges: [String: String], smallDisk: String?) throws {
        self.smallDisk = smallDisk
        root = try FileSystem.resolve(folder)
        executable = try builtExecutable("allocdb-local-cluster")
        var layout = try ClusterWorkspace(creating: root).layout
        if !layoutChanges.isEmpty {
            var text = try layout.encoded()
            for (key, value) in layoutChanges {
                let lines = text.split(separator: "\n").map { line in
                    line.hasPrefix("\(key)=") ? "\(key)=\(value)" : String(line)
                }
                text = lines.joined(separator: "\n") + "\n"
            }
            layout = try ClusterLayout(text: text)
            try FileSystem.write(
                Array(text.utf8), to: Path.join(root, ClusterLayout.fileName))
        }
        self.layout = layout
    }

    func replica(_ number: UInt64) throws -> ReplicaLayout {
        try #require(layout.replica(ReplicaID(number)))
    }

    func run(_ arguments: [String]) throws -> CapturedRun {
        let actual = arguments.map { expand($0) }
        return try CapturedRun(executable, actual, until: .after(.seconds(30)))
    }

    /// Ends whatever is still running.
    func tearDown() {
        _ = try? run(["stop", "--workspace", "<workspace>"])
        for replica in layout.replicas {
            if let process = LockedProcess.holder(of: replica), Processes.isAlive(process) {
                try? Processes.signal(process, Signals.proceed)
                try? Processes.signal(process, Signals.kill)
            }
        }
    }

    /// A recorded text with the values of this run.
    func expand(_ text: String) -> String {
        var text = text
        for (name, value) in names { text = text.replacing(name, with: value) }
        return text
    }

    /// A text of this run in the recorded form.
    func normalize(_ text: String) -> String {
        var text = text
        for (name, value) in names { text = text.replacing(value, with: name) }
        text = text.replacing(ClusterRequest.usage, with: "<usage>")
        for prefix in ["pid=", "process_id=", "with pid ", "live pid ", "by process "] {
            text = Self.replaceDigits(after: prefix, with: "<pid>", in: text)
        }
        return Self.replaceDigits(after: "timestamp_millis=", with: "<now>", in: text)
    }

    private var names: [(String, String)] {
        var names = [("<workspace>", root)]
        if let smallDisk { names.append(("<small file system>", smallDisk)) }
        for replica in layout.replicas {
            names.append(("<control_addr_\(replica.id)>", "\(replica.addresses.control)"))
            names.append(("<client_addr_\(replica.id)>", "\(replica.addresses.client)"))
            names.append(("<protocol_addr_\(replica.id)>", "\(replica.addresses.protocol)"))
        }
        return names
    }

    private static func replaceDigits(
        after prefix: String, with name: String, in text: String
    ) -> String {
        var result = ""
        for (index, part) in text.split(separator: prefix, omittingEmptySubsequences: false)
            .enumerated()
        {
            if index == 0 {
                result += part
                continue
            }
            let digits = part.prefix { $0.isNumber }
            result += prefix + (digits.isEmpty ? "" : name) + part.dropFirst(digits.count)
        }
        return result
    }
}

/// The process that a replica's lock file names.
enum LockedProcess {
    static func holder(of replica: ReplicaLayout) -> Int32? {
        let path = Path.join(replica.workspaceDirectory, "replica.lock")
        guard let bytes = try? FileSystem.read(path, limit: 64) else { return nil }
        return Int32(String(decoding: bytes, as: UTF8.self).filter(\.isNumber))
    }
}

struct Missing: Error, CustomStringConvertible {
    let description: String
}

/// What one connection brought.
struct Conversation {
    enum End: Equatable {
        case closed
        case reset
        case refused
        case silence
    }

    let bytes: [UInt8]
    let end: End

    /// Sends, ends its own direction unless told otherwise, and reads to the end.
    init(
        _ request: [UInt8], to address: NetworkAddress, halfClose: Bool = true,
        limit: Duration = .seconds(15)
    ) throws {
        var received: [UInt8] = []
        do {
            let target = try #require(SocketAddress("\(address)"))
            let connection = try TCPConnection.connect(to: target, until: .after(.seconds(5)))
            let deadline = Deadline.after(limit)
            var sent = 0
            while sent < request.count {
                let count = try request[sent...].withUnsafeBytes { try connection.send($0) }
                sent += count
                if count == 0 { _ = try connection.descriptor.waitUntilWritable(deadline) }
            }
            if halfClose { try connection.finishSending() }
            while true {
                switch try connection.receive(atMost: 64 << 10) {
                case .bytes(let more): received += more
                case .end:
                    bytes = received
                    end = .closed
                    return
                case .nothingYet:
                    guard try connection.descriptor.waitUntilReadable(deadline) else {
                        bytes = received
                        end = .silence
                        return
                    }
                }
            }
        } catch let error as SystemError {
            bytes = received
            end = error.isRefused ? .refused : .reset
        }
    }
}
