import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// What a complete request means on each port.
extension ReplicaServer {
    func serve(_ bytes: [UInt8], _ request: RequestConnection, at now: Instant) {
        switch request.port {
        case .control: serveControl(bytes, request, at: now)
        case .client: serveClient(bytes, request, at: now)
        case .protocol: serveProtocol(bytes, request, at: now)
        }
    }

    /// cluster-runner.md 7; `explain` and `checkpoint` are ours.
    private func serveControl(_ bytes: [UInt8], _ request: RequestConnection, at now: Instant) {
        do throws(ControlRequestError) {
            switch try ControlRequest(decoding: bytes) {
            case .status: reply(statusReply.bytes, to: request, at: now)
            case .stop:
                reply(ControlReply.acknowledgement, to: request, at: now)
                beginStop(at: now)
            case .explain:
                let lines = core.explain(at: now).map { (key: $0.key, value: $0.value) }
                reply(ControlReply.bytes(lines), to: request, at: now)
            case .checkpoint:
                pendingInputs.append(.checkpoint(RequestToken(request.id)))
            }
        } catch {
            reply(error.bytes, to: request, at: now)
        }
    }

    /// wire-api.md 7.4: text for what is no request; the core answers the rest.
    private func serveClient(_ bytes: [UInt8], _ request: RequestConnection, at now: Instant) {
        guard !bytes.isEmpty else {
            return reply(TextReply.emptyRequest.bytes, to: request, at: now)
        }
        do throws(ClientCodecError) {
            let decoded = try ClientRequest(decoding: bytes)
            pendingInputs.append(.client(RequestToken(request.id), decoded))
        } catch {
            reply(TextReply(error).bytes, to: request, at: now)
        }
    }

    /// The published one-shot messages (cluster-runner.md 8); native streams never come here.
    private func serveProtocol(_ bytes: [UInt8], _ request: RequestConnection, at now: Instant) {
        guard !bytes.isEmpty else {
            return reply(ReplicaRefusal.emptyRequest.bytes, to: request, at: now)
        }
        let token = RequestToken(request.id)
        do throws(ReplicaMessageError) {
            switch try ReplicaRequest(decoding: bytes) {
            case .prepare(let entry): pendingInputs.append(.legacyPrepare(token, entry))
            case .commit(let view, let lsn):
                pendingInputs.append(.legacyCommit(token, view: view, lsn))
            }
        } catch {
            reply(ReplicaRefusal.undecodable(error).bytes, to: request, at: now)
        }
    }

    var statusReply: StatusReply {
        let status = core.status
        var shown = replica
        shown.role = status.role
        return StatusReply(
            processID: UInt32(Processes.ownID), replica: shown,
            state: status.faultReason == nil ? .active : .faulted,
            currentView: status.currentView, commitLSN: status.commitLSN,
            activeSnapshotLSN: status.activeSnapshotLSN,
            acceptingWrites: status.engine?.acceptingWrites,
            startupKind: status.engine?.startupKind,
            loadedSnapshotLSN: status.engine?.loadedSnapshotLSN,
            replayedWALFrameCount: status.engine?.replayedWALFrameCount,
            replayedWALLastLSN: status.engine?.replayedWALLastLSN,
            faultReason: status.faultReason)
    }
}
