import DurableFiles
public import LeaseKernel
import SystemCalls

/// A new content for one replica's folder, complete and checked, waiting to be switched in.
///
/// The folder is replaced by one exchange of names, so a crash at any moment leaves either the
/// old folder or the new one under its name; what else lies beside it is cleaned up when the
/// work is done again.
public struct StagedWorkspace: Sendable {
    public let folder: WorkspaceFolder
    public let contents: WorkspaceContents

    /// Writes `contents` beside the folder, reads it back through the same replay that a start
    /// does, and leaves the folder itself alone. Remains of an interrupted attempt are removed.
    public init(
        _ contents: WorkspaceContents, for folder: WorkspaceFolder,
        configuration: KernelConfiguration
    ) throws(SurgeryError) {
        self.folder = folder
        self.contents = contents
        let next = folder.next
        do {
            try FileSystem.removeTree(next.path)
            try FileSystem.createFolders(next.path)
            try next.write(contents.files)
            try DurableFiles.syncFolder(next.path)
            try DurableFiles.syncFolder(Path.parent(of: next.path) ?? ".")
        } catch {
            throw .file(error)
        }
        try verify(next, configuration)
    }

    /// Puts the new content in place of the old one, which is kept as `<folder>.previous` unless
    /// it was only a stage on the way. Refuses while a daemon holds the folder.
    public func switchOver(keepingReplaced: Bool = true) throws(SurgeryError) {
        let parent = Path.parent(of: folder.path) ?? "."
        do throws(SystemError) {
            guard FileSystem.exists(folder.path) else {
                // A lost folder has nothing to exchange with.
                try FileSystem.rename(folder.next.path, to: folder.path)
                try DurableFiles.syncFolder(parent)
                return
            }
        } catch {
            throw .file(error)
        }
        let lock = try folder.claim()
        defer { lock.release() }
        do throws(SystemError) {
            try FileSystem.exchange(folder.path, with: folder.next.path)
            try DurableFiles.syncFolder(parent)
            if keepingReplaced {
                try FileSystem.removeTree(folder.previous.path)
                try FileSystem.rename(folder.next.path, to: folder.previous.path)
            } else {
                try FileSystem.removeTree(folder.next.path)
            }
            try DurableFiles.syncFolder(parent)
        } catch {
            throw .file(error)
        }
    }

    private func verify(
        _ next: WorkspaceFolder, _ configuration: KernelConfiguration
    ) throws(SurgeryError) {
        let survey: ReplicaSurvey
        do {
            survey = try ReplicaSurvey(try next.read(), configuration: configuration)
        } catch {
            throw .verificationFailed(folder: next.path, reason: "\(error)")
        }
        let found = survey.contents
        guard found.metadata == contents.metadata, found.frames == contents.frames,
            found.snapshot == contents.snapshot, found.prepared == contents.prepared,
            survey.inapplicable == nil
        else {
            throw .verificationFailed(
                folder: next.path,
                reason: "planned \(contents.metadata), found \(found.metadata)")
        }
    }
}
