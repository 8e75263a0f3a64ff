#pragma once

/// A file of the folder `qemu`.
struct guest_asset {
    const char *_Nonnull bytes;
    unsigned long count;
};

struct guest_asset guest_asset_init(void);
struct guest_asset guest_asset_probe_init(void);
struct guest_asset guest_asset_packages(void);
