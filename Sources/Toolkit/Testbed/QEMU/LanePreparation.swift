public import Machines
import SystemCalls

/// What has to be there before machines start: an image, an empty disk, an accelerator, and a note
/// of all that in the workspace.
public struct LanePreparation: Sendable {
    public let layout: QEMULayout
    public let image: GuestImage
    public let choice: AcceleratorChoice

    /// How much memory a guest has beside the daemon's program, which lies in it twice for a
    /// moment and may take half of it.
    static func memory(forDaemonAt path: String) -> Int {
        let bytes = (try? FileSystem.facts(path))??.size ?? 0
        return GuestSettings.defaultMemory + 3 * Int(bytes >> 20)
    }

    /// Makes what is missing, of the newest packages; `tell` hears what takes a while. The
    /// workspace is made if need be.
    public static func make(
        workspace: String, daemon: String, store: GuestImageStore = .standard,
        tell: (String) -> Void = { _ in }
    ) throws(LaneError) -> LanePreparation {
        let image = try imaged { () throws(GuestImageError) in
            try store.image(of: try ingredients(daemon), tell: tell)
        }
        let layout: QEMULayout
        do throws(SystemError) {
            try FileSystem.createFolders(workspace)
            layout = QEMULayout(
                workspace: try FileSystem.resolve(workspace), imagePath: image.archive,
                daemonPath: try FileSystem.resolve(daemon))
        } catch {
            throw .system(during: "making the workspace", error)
        }
        let files = LaneFiles(workspace: layout.workspace)
        try files.prepare()
        let known = try imaged { () throws(GuestImageError) in
            try store.keys().knownHost(LaneFiles.hostAlias)
        }
        do throws(SystemError) {
            try FileSystem.write(Array(known.utf8), to: files.knownHosts)
            try layout.write()
        } catch {
            throw .system(during: "writing the layout", error)
        }
        return LanePreparation(layout: layout, image: image, choice: try choose(image, store))
    }

    /// What was prepared in a workspace; made again when the daemon or this tool has changed, or
    /// the image is gone.
    public static func load(
        workspace: String, store: GuestImageStore = .standard, tell: (String) -> Void = { _ in }
    ) throws(LaneError) -> LanePreparation {
        let layout: QEMULayout
        do throws(QEMULayout.Failure) {
            layout = try QEMULayout(in: workspace)
        } catch {
            throw .notPrepared(workspace: workspace, reason: "\(error)")
        }
        let kept = try imaged { () throws(GuestImageError) in
            try store.keptImage(at: layout.imagePath, of: try ingredients(layout.daemonPath))
        }
        if let kept {
            return LanePreparation(layout: layout, image: kept, choice: try choose(kept, store))
        }
        return try make(
            workspace: workspace, daemon: layout.daemonPath, store: store, tell: tell)
    }

    private static func imaged<Value>(
        _ body: () throws(GuestImageError) -> Value
    ) throws(LaneError) -> Value {
        do throws(GuestImageError) {
            return try body()
        } catch {
            throw .image(error)
        }
    }

    private static func ingredients(
        _ daemon: String
    ) throws(GuestImageError) -> GuestImage.Ingredients {
        guard let agent = GuestAgentProgram.path else {
            throw .missing("allocdb-guest-agent beside the tool", neededBy: "a guest")
        }
        return .init(agent: agent, daemon: daemon)
    }

    private static func choose(
        _ image: GuestImage, _ store: GuestImageStore
    ) throws(LaneError) -> AcceleratorChoice {
        do throws(GuestError) {
            return try AcceleratorChoice.make(for: image, in: store)
        } catch {
            throw .guest(error)
        }
    }

    /// What the guests' instructions are carried out by, and why: for people.
    public var acceleratorLine: String {
        "accelerator \(choice.accelerator.rawValue): \(choice.reason)"
    }

    public func configuration(
        seed: UInt64 = 0, registry: ResidueRegistry = .standard
    ) -> MachineLane.Configuration {
        .init(
            workspace: layout.workspace, image: image, accelerator: choice.accelerator,
            seed: seed, memoryMebibytes: Self.memory(forDaemonAt: layout.daemonPath),
            registry: registry)
    }
}
