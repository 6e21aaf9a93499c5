# A shell with everything that Limelight needs, Limine included: `nix develop`, or `direnv allow` once (.envrc).
{
  description = "Limelight: a Limine-booted x86_64 kernel";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, rust-overlay, ... }:
    let
      # OVMF and GRUB are x86 firmware and an x86 loader here because the host is x86.
      system = "x86_64-linux";
      pkgs = import nixpkgs {
        inherit system;
        overlays = [ rust-overlay.overlays.default ];
      };
      # Without this the package has no boot images for CDs, and so none for our ISO.
      limine = pkgs.limine.override { buildCDs = true; };
    in
    {
      devShells.${system}.default = pkgs.mkShell {
        packages = [
          (pkgs.rust-bin.fromRustupToolchainFile ./rust-toolchain.toml)
          limine
          pkgs.xorriso
          pkgs.mtools
          pkgs.grub2
          pkgs.qemu
          pkgs.gdb
          pkgs.shellcheck
        ];

        LIMINE_PATH = "${limine}/share/limine";
        OVMF_PATH = "${pkgs.OVMF.fd}/FV";
      };
    };
}
