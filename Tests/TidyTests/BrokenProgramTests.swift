import Foundation
import Testing

@Suite("programs that are broken on purpose")
struct BrokenProgramTests {
    /// Names of the targets that lie below Tests.
    static let testTargets: Set<String> = {
        let text = Repository.file("Package.swift")?.text ?? ""
        let declared = text.matches(of: /name: "(\w+)",[^)]*?path: "Tests\//).map { String($0.1) }
        let tests = text.matches(of: /\stests\(\s*"(\w+)"/).map { String($0.1) }
        return Set(declared + tests)
    }()

    static let products: Set<String> = {
        let text = Repository.file("Package.swift")?.text ?? ""
        return Set(text.matches(of: /\.executable\(name: "([\w-]+)"/).map { String($0.1) })
    }()

    @Test("no product of the package reaches them, or any target for tests")
    func products() {
        #expect(Self.testTargets.isSuperset(of: ["BrokenReplica", "BugCatalogue", "Sensitivity"]))
        #expect(Self.products.contains("allocdb-local-cluster"))
        for product in Self.products {
            let reached = PackageMap.shared.closure(of: product)
            #expect(reached.contains("SystemCalls"), "\(product) was not looked at")
            #expect(reached.isDisjoint(with: Self.testTargets), "\(product)")
        }
    }

    @Test("what is built for use is the products, and nothing else")
    func built() throws {
        let makefile = try #require(Repository.file("Makefile")).text
        let line = try #require(makefile.firstMatch(of: /PROGRAMS := (.*)/)).1
        #expect(Set(line.split(separator: " ").map(String.init)) == Self.products)
    }

    @Test("no source knows of them")
    func sources() {
        for file in Repository.sources {
            #expect(!file.text.contains("BROKEN_REPLICA"), "\(file)")
            #expect(Set(file.imports).isDisjoint(with: Self.testTargets), "\(file)")
        }
    }
}
