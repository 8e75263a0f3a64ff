import Foundation
import Testing

@Suite("the map of the house")
struct ArchitectureTests {
    let map = PackageMap.shared

    @Test("every folder of Sources is a target, and every target has real code")
    func folders() {
        for wing in PackageMap.Wing.allCases {
            let folder = Repository.root.appending(path: "Sources/\(wing.rawValue)")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for name in names where !name.hasPrefix(".") {
                #expect(map.targets[name]?.wing == wing, "Sources/\(wing.rawValue)/\(name)")
            }
        }
        for file in Repository.sources {
            #expect(!file.path.hasSuffix("Placeholder.swift"), "\(file) is an empty room")
        }
        #expect(map.targets.count > 20)
    }

    @Test("each target declares exactly what it imports")
    func declarations() {
        for target in map.targets.values where target.wing != .cLibraries {
            let unused = target.uses.subtracting(target.imports).sorted()
            let undeclared = target.imports.subtracting(target.uses).sorted()
            #expect(unused.isEmpty, "\(target.name) declares what it does not import: \(unused)")
            #expect(undeclared.isEmpty, "\(target.name) imports undeclared \(undeclared)")
        }
    }

    @Test("arrows go down and to the right only")
    func arrows() {
        let allowed: [PackageMap.Wing: Set<PackageMap.Wing>] = [
            .cLibraries: [],
            .base: [.base, .cLibraries],
            .engine: [.engine, .base],
            .toolkit: [.toolkit, .engine, .base],
            .commands: [.toolkit, .engine, .base],
        ]
        for target in map.targets.values {
            for name in target.uses {
                guard let used = map.targets[name] else {
                    Issue.record("\(target.name) uses \(name), which is no target")
                    continue
                }
                #expect(
                    allowed[target.wing]?.contains(used.wing) == true,
                    "\(target.name) (\(target.wing)) uses \(name) (\(used.wing))")
            }
        }
    }

    @Test("there is no circle between targets")
    func circles() {
        for target in map.targets.values {
            let below = target.uses.reduce(into: Set<String>()) {
                $0.formUnion(map.closure(of: $1))
            }
            #expect(!below.contains(target.name), "\(target.name) reaches itself")
        }
    }

    @Test("exactly one target imports each C library")
    func bindings() {
        for library in map.targets.values where library.wing == .cLibraries {
            let users = map.targets.values.filter { $0.imports.contains(library.name) }
            #expect(users.count == 1, "\(library.name): \(users.map(\.name).sorted())")
        }
    }

    /// The accused may be talked to, and its workspaces operated on, but only here.
    static let meetingPoints: [String: Set<String>] = [
        "Campaign": ["ClusterProtocol", "LeaseEngine", "LeaseKernel", "Replication"],
        "Testbed": ["ClusterProtocol", "LeaseEngine", "LeaseKernel"],
        "Hosts": ["ClusterProtocol", "LeaseEngine", "LeaseKernel"],
        "Workload": ["ClusterProtocol", "LeaseKernel"],
        "Nemesis": ["ClusterProtocol", "LeaseKernel"],
    ]

    @Test("the judge does not share a brain with the accused")
    func independence() {
        let engine = Set(map.targets.values.filter { $0.wing == .engine }.map(\.name))
        for judge in ["History", "Checking", "Searching", "Matrix"] {
            #expect(map.closure(of: judge).isDisjoint(with: engine), "\(judge)")
        }
        for target in map.targets.values where target.wing == .toolkit {
            let met = target.uses.intersection(engine)
            let allowed = Self.meetingPoints[target.name] ?? []
            #expect(met.isSubset(of: allowed), "\(target.name) uses \(met.subtracting(allowed))")
        }
    }

    @Test("the daemon links neither Foundation nor a cryptography library")
    func daemon() {
        let reached = map.closure(of: "allocdb-local-cluster")
        #expect(reached.contains("ReplicaServer"))
        #expect(!reached.contains("CCrypto"))
        for name in reached {
            guard let target = map.targets[name] else { continue }
            for file in Repository.files(under: target.folder) {
                #expect(!file.imports.contains { $0.hasPrefix("Foundation") }, "\(file)")
            }
        }
    }

    @Test("Foundation stays at the edges")
    func edges() {
        for file in Repository.sources where file.imports.contains("Foundation") {
            Issue.record("\(file) imports Foundation")
        }
        let allowed = ["Sources/Toolkit/Reporting/", "Sources/Commands/"]
        for file in Repository.sources where file.imports.contains("FoundationEssentials") {
            #expect(allowed.contains { file.path.hasPrefix($0) }, "\(file)")
        }
    }

    @Test("every library has a test target that imports it")
    func testedLibraries() {
        let tested = Set(
            Repository.tests.filter { $0.path.contains("Tests/") }.flatMap(\.imports))
        for target in map.targets.values where target.wing != .cLibraries {
            #expect(tested.contains(target.module) || target.wing == .commands, "\(target.name)")
        }
    }
}
