// swift-tools-version: 6.2
import PackageDescription

/// The map of the house: each target lists exactly what it imports, and arrows go down and to
/// the right only (docs/explanation/architecture.md).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func library(_ name: String, in wing: String, uses dependencies: [String] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies.map { .init(stringLiteral: $0) },
        path: "Sources/\(wing)/\(name)",
        swiftSettings: settings)
}

func command(_ name: String, uses dependencies: [String]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies.map { .init(stringLiteral: $0) },
        path: "Sources/Commands/\(name)",
        swiftSettings: settings,
        linkerSettings: guestPrograms.contains(name) ? [.unsafeFlags(libraryFree)] : [])
}

/// Programs that run in guests, where no Swift is installed: without any library, in every build.
let guestPrograms = ["allocdb-guest-agent"]
let libraryFree = ["-static-executable", "-use-ld=lld", "-Xlinker", "-s"]

func tests(
    _ name: String, uses dependencies: [String], excluding folders: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: (dependencies + ["TestSupport"]).map { .init(stringLiteral: $0) },
        path: "Tests/\(name)",
        exclude: folders,
        swiftSettings: settings)
}

func clibrary(_ name: String, excluding files: [String] = []) -> Target {
    .target(name: name, path: "Sources/CLibraries/\(name)", exclude: files)
}

func systemLibrary(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Sources/CLibraries/\(name)")
}

let cLibraries: [Target] = [
    clibrary("CSystem"),
    clibrary("CChecksums"),
    clibrary("CGuestAssets"),
    // Read by its C file, not compiled.
    clibrary("CPageAssets", excluding: ["page.css", "page.js", "vendor"]),
    .systemLibrary(
        name: "CCrypto", path: "Sources/CLibraries/CCrypto", pkgConfig: "libcrypto",
        providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
        name: "CYAML", path: "Sources/CLibraries/CYAML", pkgConfig: "yaml-0.1",
        providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
        name: "CFuse", path: "Sources/CLibraries/CFuse", pkgConfig: "fuse3",
        providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(
        name: "CZstd", path: "Sources/CLibraries/CZstd", pkgConfig: "libzstd",
        providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(
        name: "CSSH2", path: "Sources/CLibraries/CSSH2", pkgConfig: "libssh2",
        providers: [.apt(["libssh2-1-dev"])]),
]

let base: [Target] = [
    library("ByteCoding", in: "Base"),
    library("BoundedCollections", in: "Base"),
    library("Randomness", in: "Base"),
    library("Minimization", in: "Base"),
    library("SystemCalls", in: "Base", uses: ["CSystem"]),
    library("DurableFiles", in: "Base", uses: ["ByteCoding", "CChecksums", "SystemCalls"]),
    library("Digests", in: "Base", uses: ["CCrypto"]),
    library("FaultyDisk", in: "Base", uses: ["Randomness", "SystemCalls"]),
    library("DiskServer", in: "Base", uses: ["CFuse", "FaultyDisk", "SystemCalls"]),
    library(
        "BlockServer", in: "Base",
        uses: ["DurableFiles", "FaultyDisk", "Randomness", "SystemCalls"]),
    library("Compression", in: "Base", uses: ["CZstd"]),
    library(
        "SecureShell", in: "Base", uses: ["ByteCoding", "CSSH2", "Digests", "SystemCalls"]),
    library("GuestAgent", in: "Base", uses: ["ByteCoding", "SystemCalls"]),
    library("GuestAssets", in: "Base", uses: ["CGuestAssets"]),
    library("CommandDescriptions", in: "Base"),
    library("Terminal", in: "Base"),
    library("JSONText", in: "Base"),
    library("YAMLText", in: "Base", uses: ["CYAML", "CommandDescriptions"]),
    library("PageAssets", in: "Base", uses: ["CPageAssets"]),
]

let engine: [Target] = [
    library("LeaseKernel", in: "Engine", uses: ["ByteCoding", "BoundedCollections"]),
    library(
        "LeaseEngine", in: "Engine",
        uses: ["ByteCoding", "DurableFiles", "LeaseKernel", "SystemCalls"]),
    library(
        "ClusterProtocol", in: "Engine",
        uses: ["ByteCoding", "DurableFiles", "LeaseEngine", "LeaseKernel"]),
    library(
        "Replication", in: "Engine",
        uses: [
            "ByteCoding", "ClusterProtocol", "DurableFiles", "LeaseEngine", "LeaseKernel",
            "SystemCalls",
        ]),
    library(
        "ClusterRunner", in: "Engine",
        uses: ["ClusterProtocol", "DurableFiles", "LeaseEngine", "LeaseKernel", "SystemCalls"]),
    library(
        "ReplicaServer", in: "Engine",
        uses: [
            "ClusterProtocol", "DurableFiles", "LeaseKernel",
            "Replication", "SystemCalls",
        ]),
]

let toolkit: [Target] = [
    library(
        "History", in: "Toolkit",
        uses: ["ByteCoding", "Compression", "DurableFiles", "SystemCalls"]),
    library("Interchange", in: "Toolkit", uses: ["History", "SystemCalls"]),
    library(
        "Checking", in: "Toolkit",
        uses: [
            "BoundedCollections", "History", "Minimization", "Randomness", "SystemCalls",
        ]),
    library("Searching", in: "Toolkit"),
    library(
        "Matrix", in: "Toolkit", uses: ["JSONText", "YAMLText"]),
    library(
        "Switch", in: "Toolkit", uses: ["BoundedCollections", "Randomness", "SystemCalls"]),
    library(
        "Remote", in: "Toolkit", uses: ["ByteCoding", "SecureShell", "SystemCalls"]),
    library(
        "Workload", in: "Toolkit",
        uses: [
            "ClusterProtocol", "History", "LeaseKernel", "Matrix", "Randomness", "SystemCalls",
        ]),
    library(
        "Testbed", in: "Toolkit",
        uses: [
            "ByteCoding", "ClusterProtocol", "DurableFiles", "FaultyDisk", "GuestAgent",
            "LeaseEngine", "LeaseKernel", "Machines", "Switch", "SystemCalls",
        ]),
    library(
        "Machines", in: "Toolkit",
        uses: [
            "ByteCoding", "Digests", "DurableFiles", "GuestAgent", "GuestAssets", "JSONText",
            "SystemCalls",
        ]),
    library(
        "Hosts", in: "Toolkit",
        uses: [
            "ByteCoding", "ClusterProtocol", "Digests", "DurableFiles", "LeaseEngine",
            "LeaseKernel", "Remote", "SecureShell", "SystemCalls", "Testbed", "YAMLText",
        ]),
    library(
        "Nemesis", in: "Toolkit",
        uses: [
            "ClusterProtocol", "DurableFiles", "FaultyDisk", "History", "LeaseKernel",
            "Randomness", "Switch", "SystemCalls", "Testbed",
        ]),
    library(
        "Reporting", in: "Toolkit",
        uses: [
            "ByteCoding", "Checking", "Digests", "DurableFiles", "History", "Interchange",
            "JSONText", "Matrix", "PageAssets", "SystemCalls",
        ]),
    library(
        "Conducting", in: "Toolkit",
        uses: [
            "CommandDescriptions", "DurableFiles", "JSONText", "Matrix", "Minimization",
            "Randomness", "SystemCalls", "Terminal",
        ]),
    library(
        "Campaign", in: "Toolkit",
        uses: [
            "Checking", "ClusterProtocol", "History", "Hosts", "JSONText", "LeaseEngine",
            "LeaseKernel",
            "Matrix", "Nemesis", "Replication", "Reporting", "SystemCalls", "Testbed", "Workload",
        ]),
]

let commands: [Target] = [
    command(
        "allocdb-local-cluster",
        uses: ["ClusterProtocol", "ClusterRunner", "LeaseKernel", "ReplicaServer", "SystemCalls"]),
    command(
        "allocdb-jepsen",
        uses: [
            "Campaign", "Checking", "CommandDescriptions", "Conducting", "DurableFiles",
            "GuestAgent", "History", "Hosts", "Interchange", "JSONText", "Machines", "Matrix",
            "Nemesis", "Remote", "Reporting", "Searching", "SecureShell", "SystemCalls",
            "Terminal", "Testbed", "Workload",
        ]),
    command(
        "allocdb-jepsen-helper", uses: ["CommandDescriptions", "DiskServer", "SystemCalls"]),
    command("allocdb-guest-agent", uses: ["GuestAgent", "SystemCalls"]),
    command(
        "allocdb-bench",
        uses: [
            "Checking", "ClusterProtocol", "ClusterRunner", "CommandDescriptions", "DurableFiles",
            "History", "LeaseKernel", "Remote", "Searching", "SecureShell", "Switch",
            "SystemCalls",
        ]),
]

let testTargets: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: ["ByteCoding", "Randomness", "SystemCalls"],
        path: "Tests/TestSupport",
        swiftSettings: settings),
    tests(
        "ConductingTests",
        uses: ["Conducting", "JSONText", "Matrix", "Randomness", "SystemCalls", "Terminal"],
        excluding: ["Snapshots"]),
    tests(
        "CampaignFlowTests",
        uses: [
            "BrokenReplica", "Conducting", "History", "JSONText", "SystemCalls", "Testbed",
            "allocdb-jepsen", "allocdb-local-cluster",
        ]),
    tests("CampaignTests", uses: ["Campaign", "Checking", "History", "Matrix", "Workload"]),
    tests(
        "NemesisTests",
        uses: ["ClusterProtocol", "History", "LeaseKernel", "Nemesis", "SystemCalls", "Testbed"],
        excluding: ["Snapshots"]),
    tests(
        "FaultTests",
        uses: [
            "Campaign", "ClusterHarness", "ClusterProtocol", "FaultHarness", "History",
            "LeaseKernel", "Nemesis", "Replication", "Switch", "SystemCalls", "Testbed",
            "allocdb-jepsen", "allocdb-local-cluster",
        ]),
    tests(
        "DiskAndClockTests",
        uses: [
            "BrokenReplica", "BugCatalogue", "Campaign", "FaultHarness", "FaultyDisk", "History",
            "Nemesis", "SystemCalls", "Testbed", "allocdb-jepsen", "allocdb-jepsen-helper",
            "allocdb-local-cluster",
        ]),
    tests(
        "RunTests",
        uses: [
            "BrokenReplica", "Campaign", "History", "Nemesis", "Reporting",
            "SystemCalls",
            "Testbed", "Workload", "allocdb-jepsen", "allocdb-local-cluster",
        ]),
    .target(
        name: "StorageDoubles", dependencies: ["Replication"], path: "Tests/StorageDoubles",
        swiftSettings: settings),
    .target(
        name: "BugCatalogue", dependencies: ["SystemCalls"], path: "Tests/BugCatalogue",
        swiftSettings: settings),
    .executableTarget(
        name: "BrokenReplica",
        dependencies: [
            "BugCatalogue", "ByteCoding", "ClusterProtocol", "ClusterRunner", "LeaseKernel",
            "ReplicaServer", "Replication", "StorageDoubles", "SystemCalls",
        ],
        path: "Tests/BrokenReplica",
        swiftSettings: settings),
    .executableTarget(
        name: "Sensitivity",
        dependencies: [
            "BugCatalogue", "Checking", "CommandDescriptions", "Conducting", "DurableFiles",
            "History", "Matrix", "Nemesis", "Reporting", "SystemCalls", "Testbed", "Workload",
        ],
        path: "Tests/Sensitivity",
        swiftSettings: settings),
    tests(
        "SensitivityTests",
        uses: [
            "BrokenReplica", "BugCatalogue", "Sensitivity", "SystemCalls", "allocdb-jepsen",
            "allocdb-jepsen-helper", "allocdb-local-cluster",
        ]),
    tests(
        "ReportingTests",
        uses: ["DurableFiles", "History", "JSONText", "Reporting", "SystemCalls"]),
    tests(
        "ReportPageTests",
        uses: ["Checking", "History", "JSONText", "PageAssets", "Reporting", "SystemCalls"]),
    tests(
        "TestbedTests",
        uses: [
            "ClusterProtocol", "LeaseKernel", "Switch", "SystemCalls", "Testbed", "allocdb-jepsen",
        ]),
    tests(
        "WorkloadTests",
        uses: [
            "ClusterProtocol", "History", "LeaseKernel", "Matrix", "Randomness", "SystemCalls",
            "Workload",
        ]),
    .target(
        name: "ClusterHarness",
        dependencies: ["ClusterProtocol", "LeaseKernel", "SystemCalls", "TestSupport"],
        path: "Tests/ClusterHarness",
        swiftSettings: settings),
    .target(
        name: "FaultHarness",
        dependencies: [
            "History", "LeaseKernel", "Nemesis", "SystemCalls", "TestSupport", "Testbed",
        ],
        path: "Tests/FaultHarness",
        swiftSettings: settings),
    tests(
        "ReplicaServerTests",
        uses: [
            "ClusterProtocol", "ClusterRunner", "LeaseEngine", "LeaseKernel", "ReplicaServer",
            "Replication", "StorageDoubles", "SystemCalls",
        ]),
    tests(
        "LiveSessionTests",
        uses: [
            "ByteCoding", "ClusterProtocol", "ClusterRunner", "LeaseKernel", "SystemCalls",
            "allocdb-local-cluster",
        ]),
    tests(
        "FaultyDiskTests",
        uses: [
            "DiskServer", "DurableFiles", "FaultyDisk", "Randomness", "SystemCalls",
            "allocdb-jepsen-helper",
        ]),
    tests(
        "BlockServerTests",
        uses: ["BlockServer", "DurableFiles", "FaultyDisk", "Randomness", "SystemCalls"]),
    tests("CompressionTests", uses: ["Compression"]),
    tests("DigestsTests", uses: ["ByteCoding", "Digests"]),
    tests("DurableFilesTests", uses: ["DurableFiles", "SystemCalls"]),
    tests("SystemCallsTests", uses: ["SystemCalls"]),
    tests("GuestAgentTests", uses: ["GuestAgent", "GuestAssets", "SystemCalls"]),
    tests("MachinesTests", uses: ["GuestAgent", "JSONText", "Machines", "SystemCalls"]),
    tests(
        "MachineLaneTests",
        uses: ["LeaseKernel", "Machines", "Switch", "SystemCalls", "Testbed", "allocdb-jepsen"]),
    tests("SwitchTests", uses: ["Randomness", "Switch", "SystemCalls"]),
    tests(
        "ClusterRunnerTests",
        uses: ["ClusterProtocol", "ClusterRunner", "LeaseKernel", "SystemCalls"]),
    tests("ByteCodingTests", uses: ["ByteCoding"]),
    tests(
        "EndToEndTests",
        uses: [
            "ByteCoding", "ClusterHarness", "ClusterProtocol", "CrashingReplica", "DurableFiles",
            "LeaseEngine", "LeaseKernel", "Randomness", "Replication", "StorageDoubles",
            "SystemCalls", "allocdb-local-cluster",
        ]),
    .executableTarget(
        name: "CrashingReplica",
        dependencies: [
            "ClusterProtocol", "ClusterRunner", "LeaseKernel", "ReplicaServer", "Replication",
            "StorageDoubles", "SystemCalls",
        ],
        path: "Tests/CrashingReplica",
        swiftSettings: settings),
    .target(
        name: "EngineVectors",
        dependencies: ["ByteCoding", "LeaseEngine", "LeaseKernel", "TestSupport"],
        path: "Tests/EngineVectors",
        swiftSettings: settings),
    tests("BoundedCollectionsTests", uses: ["BoundedCollections", "Randomness"]),
    tests("MinimizationTests", uses: ["Minimization", "Randomness"]),
    tests(
        "LeaseKernelTests",
        uses: ["ByteCoding", "DurableFiles", "EngineVectors", "LeaseKernel"]),
    tests(
        "LeaseEngineTests",
        uses: ["ByteCoding", "DurableFiles", "EngineVectors", "LeaseEngine", "LeaseKernel"]),
    tests(
        "LiveReplicaTests",
        uses: [
            "ByteCoding", "ClusterProtocol", "LeaseEngine", "LeaseKernel", "Randomness",
            "Replication", "SystemCalls",
        ]),
    tests(
        "ReplicationTests",
        uses: [
            "ByteCoding", "ClusterProtocol", "DurableFiles", "LeaseEngine", "LeaseKernel",
            "Replication", "SystemCalls",
        ]),
    tests(
        "ClusterProtocolTests",
        uses: ["ByteCoding", "ClusterProtocol", "LeaseEngine", "LeaseKernel"]),
    .target(
        name: "HistorySamples", dependencies: ["History", "Randomness"],
        path: "Tests/HistorySamples",
        swiftSettings: settings),
    tests(
        "HistoryTests",
        uses: [
            "ByteCoding", "DurableFiles", "History", "HistorySamples", "Randomness", "SystemCalls",
        ]),
    tests("InterchangeTests", uses: ["History", "HistorySamples", "Interchange", "SystemCalls"]),
    tests(
        "CheckingReferenceTests",
        uses: ["ByteCoding", "Checking", "Digests", "History", "SystemCalls"]),
    tests("MatrixTests", uses: ["Matrix"]),
    tests(
        "HostsTests",
        uses: [
            "Campaign", "ClusterProtocol", "FaultHarness", "History", "Hosts", "LeaseKernel",
            "Nemesis", "Remote", "SSHServers", "SecureShell", "SystemCalls", "Testbed",
            "allocdb-jepsen",
            "allocdb-local-cluster",
        ]),
    .target(
        name: "SSHServers", dependencies: ["Remote", "SecureShell", "SystemCalls", "TestSupport"],
        path: "Tests/SSHServers", swiftSettings: settings),
    tests(
        "RemoteTests", uses: ["Randomness", "Remote", "SSHServers", "SecureShell", "SystemCalls"]),
    tests("SearchingTests", uses: ["Searching"]),
    tests(
        "CommandDescriptionsTests", uses: ["CommandDescriptions"], excluding: ["Snapshots"]),
    tests("TerminalTests", uses: ["Terminal"]),
    tests(
        "CheckingTests", uses: ["Checking", "History", "LeaseKernel", "Reporting"],
        excluding: ["Fixtures"]),
    tests("JSONTextTests", uses: ["JSONText"]),
    tests("YAMLTextTests", uses: ["YAMLText"]),
    .target(
        name: "FuzzTargets",
        dependencies: [
            "BlockServer", "ByteCoding", "ClusterProtocol", "Conducting", "DurableFiles",
            "History", "Interchange", "JSONText", "LeaseEngine", "LeaseKernel", "Matrix", "Nemesis",
            "Replication", "Reporting", "Searching", "SystemCalls", "YAMLText",
        ],
        path: "Tests/FuzzTargets",
        swiftSettings: settings),
    tests("FuzzingTests", uses: ["FuzzTargets", "SystemCalls"]),
    tests("TidyTests", uses: ["CommandDescriptions", "allocdb-bench", "allocdb-jepsen"]),
    tests(
        "CommandTests",
        uses: [
            "Campaign", "Checking", "CommandDescriptions", "Conducting", "History", "JSONText",
            "Matrix", "Terminal", "allocdb-jepsen",
        ],
        excluding: ["Snapshots"]),
]

/// Links only with libFuzzer, so it is there only for who asks for it (scripts/fuzz).
let fuzzer: [Target] =
    Context.environment["ALLOCDB_FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "Fuzzer", dependencies: ["FuzzTargets", "SystemCalls"], path: "Tests/Fuzzer",
            // Its one file holds no program of its own.
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])])
    ]

let package = Package(
    name: "allocdb-jepsen",
    products: [
        .executable(name: "allocdb-jepsen", targets: ["allocdb-jepsen"]),
        .executable(name: "allocdb-jepsen-helper", targets: ["allocdb-jepsen-helper"]),
        .executable(name: "allocdb-guest-agent", targets: ["allocdb-guest-agent"]),
        .executable(name: "allocdb-local-cluster", targets: ["allocdb-local-cluster"]),
        .executable(name: "allocdb-bench", targets: ["allocdb-bench"]),
    ],
    targets: cLibraries + base + engine + toolkit + commands + testTargets + fuzzer
)
