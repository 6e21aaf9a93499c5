//! The two boot menus, each with the single entry `Limelight`: `limine.conf` from its template, and `grub.cfg`.
//!
//! Every text in the menus is a [`BootText`] or an [`IsoName`](crate::IsoName), so no escaping is needed.

use crate::contents::Contents;
use crate::text::BootText;

/// The template in the root of the repository.
const LIMINE_CONF: &str = include_str!("../../../limine.conf");

/// Screen sizes that GRUB tries in turn. `multiboot2` overwrites `gfxpayload` with the loader header's preference (a
/// single size), so the variable is set after that command.
const SCREEN_SIZES: &str = "1280x800x32,1024x768x32,800x600x32,auto";

/// Fills the template of `limine.conf`: repeats the lines about a module for each module, leaves out lines without a
/// value.
pub(crate) fn limine_conf(contents: &Contents) -> String {
    let mut menu = String::new();
    for line in LIMINE_CONF.lines() {
        if line.contains("@MODULE@") {
            contents.modules.iter().for_each(|module| {
                push(&mut menu, &line.replace("@MODULE@", module.name.as_str()));
                push_module_string(&mut menu, &module.string);
            });
        } else if line.contains("@MODULE_STRING@") {
            // `push_module_string` writes it after the module's line.
        } else if line.contains("@COMMAND_LINE@") {
            if !contents.command_line.as_str().is_empty() {
                push(
                    &mut menu,
                    &line.replace("@COMMAND_LINE@", contents.command_line.as_str()),
                );
            }
        } else {
            push(&mut menu, line);
        }
    }
    menu
}

/// Adds the template's line for a module's string, if the module has one.
fn push_module_string(menu: &mut String, string: &BootText) {
    let template = LIMINE_CONF.lines().find(|line| line.contains("@MODULE_STRING@"));
    if let Some(line) = template.filter(|_| !string.as_str().is_empty()) {
        push(menu, &line.replace("@MODULE_STRING@", string.as_str()));
    }
}

fn push(menu: &mut String, line: &str) {
    menu.push_str(line);
    menu.push('\n');
}

/// Writes `grub.cfg`. If the CPU has no 64-bit mode, GRUB reports that on the screen and on COM1: our loader could only
/// use text mode, which is invisible in a graphics mode.
pub(crate) fn grub_cfg(contents: &Contents) -> String {
    let mut modules = String::new();
    if contents.kernel.is_some() {
        push(
            &mut modules,
            &format!(
                "    module2 --nounzip /kernel '/kernel'{}",
                contents.command_line.grub_words()
            ),
        );
    }
    for module in &contents.modules {
        let words = module.string.grub_words();
        push(
            &mut modules,
            &format!("    module2 --nounzip /{name} '/{name}'{words}", name = module.name),
        );
    }
    format!(
        "\
# The boot menu of Limelight under GRUB.
set timeout=0
set timeout_style=hidden
insmod all_video
insmod cpuid
if cpuid -l; then
  menuentry \"Limelight\" {{
    multiboot2 /boot/multiboot2_loader
    set gfxpayload={SCREEN_SIZES}
{modules}  }}
else
  serial --unit=0 --speed=115200
  terminal_output --append serial
  echo \"This computer has no 64-bit CPU.\"
  sleep --interruptible 9999
fi
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::{Module, Payload};
    use crate::text::IsoName;

    fn contents(command_line: &str, modules: &[(&str, &str)]) -> Contents {
        let module = |(name, string): &(&str, &str)| Module {
            name: IsoName::new(name).unwrap(),
            payload: Payload::Verbatim(name.into()),
            string: BootText::new(string).unwrap(),
        };
        Contents {
            kernel: Some(Payload::Verbatim("kernel".into())),
            command_line: BootText::new(command_line).unwrap(),
            modules: modules.iter().map(module).collect(),
            multiboot2_loader: None,
        }
    }

    /// Returns the lines without comments and indentation.
    fn lines(menu: &str) -> Vec<&str> {
        menu.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn limine_conf_has_the_entry_with_command_line_and_modules() {
        let menu = limine_conf(&contents("log.level=debug x", &[("one", ""), ("two", "a b")]));
        assert_eq!(
            lines(&menu),
            [
                "timeout: 0",
                "/Limelight",
                "protocol: limine",
                "path: boot():/kernel",
                "cmdline: log.level=debug x",
                "module_path: boot():/one",
                "module_path: boot():/two",
                "module_string: a b",
            ]
        );
    }

    #[test]
    fn limine_conf_leaves_out_what_is_empty() {
        let menu = limine_conf(&contents("", &[]));
        assert_eq!(
            lines(&menu),
            ["timeout: 0", "/Limelight", "protocol: limine", "path: boot():/kernel"]
        );
        assert!(!menu.lines().any(|line| !line.starts_with('#') && line.contains('@')));
    }

    #[test]
    fn grub_cfg_passes_each_word_in_quotes_after_the_path() {
        let menu = grub_cfg(&contents("a=1 };reboot", &[("one", ""), ("two", "s t")]));
        let modules: Vec<_> = lines(&menu)
            .into_iter()
            .filter(|line| line.starts_with("module2"))
            .collect();
        assert_eq!(
            modules,
            [
                "module2 --nounzip /kernel '/kernel' 'a=1' '};reboot'",
                "module2 --nounzip /one '/one'",
                "module2 --nounzip /two '/two' 's' 't'",
            ]
        );
    }

    #[test]
    fn grub_cfg_sets_the_screen_size_behind_multiboot2() {
        let menu = grub_cfg(&contents("", &[]));
        let place = |text: &str| menu.find(text).unwrap();
        assert!(place("multiboot2 /boot") < place("set gfxpayload="));
    }

    #[test]
    fn grub_cfg_names_no_kernel_where_there_is_none() {
        let menu = grub_cfg(&Contents {
            kernel: None,
            ..contents("", &[])
        });
        assert!(!menu.contains("module2"));
    }
}
