import GuestAssets
import SystemCalls
import TestSupport
import Testing

@Suite("The files that guests are made with")
struct GuestAssetTests {
    @Test("the shell understands them", arguments: [GuestAsset.initProgram, .probeProgram])
    func syntax(asset: GuestAsset) throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "script")
            try FileSystem.write(asset.bytes, to: path)
            #expect(asset.bytes.starts(with: Array("#!/bin/sh\n".utf8)))
            #expect(Shell.run("sh -n \(path)").status == 0)
        }
    }

    @Test("a guest is made of packages by name, a kernel among them")
    func packages() {
        let entries = GuestAsset.packages.entries
        #expect(entries.contains("busybox-static"))
        #expect(entries.contains { $0.hasPrefix("linux-image-") })
        #expect(Set(entries).count == entries.count)
        #expect(
            entries.allSatisfy {
                $0.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
            })
    }
}
