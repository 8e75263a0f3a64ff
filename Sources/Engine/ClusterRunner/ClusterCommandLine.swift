public import ClusterProtocol
public import LeaseKernel

/// What a command line of `allocdb-local-cluster` asks for (cluster-runner.md 1). Its rules are
/// the published program's, which other programs rely on; they are simpler than those of our
/// own tools.
public enum ClusterRequest: Hashable, Sendable {
    case help
    case start(workspace: String)
    case stop(workspace: String)
    case status(workspace: String)
    case crash(workspace: String, ReplicaID)
    case restart(workspace: String, ReplicaID)
    case isolate(workspace: String, ReplicaID)
    case heal(workspace: String, ReplicaID)
    case explain(workspace: String, ReplicaID)
    case checkpoint(workspace: String, ReplicaID)
    case controlStatus(NetworkAddress)
    case replicaDaemon(layoutPath: String, ReplicaID)

    /// A command line that asks for nothing this program does. The description ends with the
    /// usage text.
    public enum UsageError: Error, Hashable, Sendable, CustomStringConvertible {
        case incomplete
        case unknownCommand(String)
        case unknownArgument(String)
        case invalidValue(flag: String, value: String)

        public var description: String {
            switch self {
            case .incomplete: ClusterRequest.usage
            case .unknownCommand(let word):
                "unknown subcommand `\(word)`\n\n\(ClusterRequest.usage)"
            case .unknownArgument(let word):
                "unknown argument `\(word)`\n\n\(ClusterRequest.usage)"
            case .invalidValue(let flag, let value):
                "invalid value for `\(flag)`: `\(value)`\n\n\(ClusterRequest.usage)"
            }
        }
    }

    /// Without line feed at the end. `replica-daemon` is for the program itself.
    public static let usage = """
        usage: allocdb-local-cluster <command> [flags]

        A cluster of three allocator replicas on this machine.

          start          --workspace <path>                     start it, with a new layout if there is none
          stop           --workspace <path>                     stop every replica
          status         --workspace <path>                     show every replica
          crash          --workspace <path> --replica-id <id>   kill one replica
          restart        --workspace <path> --replica-id <id>   start a stopped replica again
          isolate        --workspace <path> --replica-id <id>   cut one replica off from clients and peers
          heal           --workspace <path> --replica-id <id>   join it again
          explain        --workspace <path> --replica-id <id>   say what a replica does, waits for and refuses
          checkpoint     --workspace <path> --replica-id <id>   write a snapshot now
          control-status --addr <ip:port>                       ask one control port

        example: allocdb-local-cluster start --workspace /tmp/cluster
        """

    /// Reads a command line without the program's name. A repeated flag: the last value wins.
    public init(arguments: [String]) throws(UsageError) {
        guard let command = arguments.first, command != "--help", command != "-h" else {
            self = .help
            return
        }
        let rest = arguments.dropFirst()
        switch command {
        case "start": self = .start(workspace: try Flags(rest).workspace())
        case "stop": self = .stop(workspace: try Flags(rest).workspace())
        case "status": self = .status(workspace: try Flags(rest).workspace())
        case "crash":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .crash(workspace: path, id)
        case "restart":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .restart(workspace: path, id)
        case "isolate":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .isolate(workspace: path, id)
        case "heal":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .heal(workspace: path, id)
        case "explain":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .explain(workspace: path, id)
        case "checkpoint":
            let (path, id) = try Flags(rest, replica: true).workspaceAndReplica()
            self = .checkpoint(workspace: path, id)
        case "control-status":
            self = .controlStatus(
                try Flags(rest, allowed: [.address]).required(.address, { $0.address }))
        case "replica-daemon":
            let flags = try Flags(rest, allowed: [.layoutFile, .replicaID], knowsHelp: false)
            self = .replicaDaemon(
                layoutPath: try flags.required(.layoutFile, { $0.text }),
                try flags.required(.replicaID, { $0.number }))
        default: throw .unknownCommand(command)
        }
    }
}

/// The flags behind a command, each with its value.
private struct Flags {
    enum Name: String {
        case workspace = "--workspace"
        case replicaID = "--replica-id"
        case address = "--addr"
        case layoutFile = "--layout-file"
    }

    enum Value {
        case text(String)
        case number(ReplicaID)
        case address(NetworkAddress)

        var text: String? { if case .text(let text) = self { text } else { nil } }
        var number: ReplicaID? { if case .number(let number) = self { number } else { nil } }
        var address: NetworkAddress? {
            if case .address(let address) = self { address } else { nil }
        }
    }

    private var values: [Name: Value] = [:]

    init(_ words: ArraySlice<String>, replica: Bool = false) throws(ClusterRequest.UsageError) {
        try self.init(words, allowed: replica ? [.workspace, .replicaID] : [.workspace])
    }

    init(
        _ words: ArraySlice<String>, allowed: [Name], knowsHelp: Bool = true
    ) throws(ClusterRequest.UsageError) {
        var words = words
        while let word = words.popFirst() {
            if knowsHelp, word == "--help" || word == "-h" { throw .incomplete }
            guard let name = Name(rawValue: word), allowed.contains(name) else {
                throw .unknownArgument(word)
            }
            guard let text = words.popFirst() else { throw .incomplete }
            guard let value = Self.value(of: name, text) else {
                throw .invalidValue(flag: name.rawValue, value: text)
            }
            values[name] = value
        }
    }

    func required<Wanted>(
        _ name: Name, _ unwrap: (Value) -> Wanted?
    ) throws(ClusterRequest.UsageError) -> Wanted {
        guard let value = values[name].flatMap(unwrap) else { throw .incomplete }
        return value
    }

    func workspace() throws(ClusterRequest.UsageError) -> String {
        try required(.workspace) { $0.text }
    }

    func workspaceAndReplica() throws(ClusterRequest.UsageError) -> (String, ReplicaID) {
        (try workspace(), try required(.replicaID) { $0.number })
    }

    private static func value(of name: Name, _ text: String) -> Value? {
        switch name {
        case .workspace, .layoutFile: return .text(text)
        case .replicaID:
            guard !text.hasPrefix("-"), let number = UInt64(text) else { return nil }
            return .number(ReplicaID(number))
        case .address: return NetworkAddress(text).map { .address($0) }
        }
    }
}
