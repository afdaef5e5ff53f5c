//! The table of codes: one line and one page (`codes/HLDnnnn.md`) each.

use crate::Severity;
use crate::code::{Code, Page};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal $severity:ident;)*) => {
        $($(#[$doc])* pub const $name: Code = {
            static PAGE: Page = Page {
                number: number($number),
                severity: Severity::$severity,
                text: include_str!(concat!("../codes/HLD", $number, ".md")),
            };
            Code(&PAGE)
        };)*

        /// Every code, in order.
        pub(crate) const TABLE: &[Code] = &[$($name),*];
    };
}

/// The value of four digits.
const fn number(digits: &str) -> u16 {
    let mut value = 0;
    let mut at = 0;
    while at < digits.len() {
        value = value * 10 + (digits.as_bytes()[at] - b'0') as u16;
        at += 1;
    }
    value
}

codes! {
    /// YAML (or JSON) syntax error.
    YAML_SYNTAX = "0101" Error;
    /// Text is not UTF-8 / bad encoding / NUL.
    ENCODING = "0102" Error;
    /// A limit of the reader was reached.
    READER_LIMIT = "0103" Error;
    /// Duplicate key.
    DUPLICATE_KEY = "0104" Warning;
    /// More than one document in a file that has one.
    EXTRA_DOCUMENT = "0105" Warning;
    /// Empty component file.
    EMPTY_FILE = "0106" Warning;
    /// Not a readable regular file.
    UNREADABLE = "0107" Error;
    /// Path leaves the confinement root.
    OUTSIDE_ROOT = "0108" Refused;
    /// No component.yaml / component.json in the folder.
    NO_COMPONENT = "0201" Error;
    /// Field has the wrong type.
    FIELD_TYPE = "0202" Error;
    /// Unknown field in a component file.
    UNKNOWN_FIELD = "0203" Warning;
    /// Name cannot be used.
    BAD_NAME = "0204" Error;
    /// Odd name.
    ODD_NAME = "0205" Warning;
    /// Unknown component type.
    UNKNOWN_TYPE = "0206" Warning;
    /// Two subcomponents of one parent have one name.
    DUPLICATE_COMPONENT = "0207" Error;
    /// Reference cycle.
    REFERENCE_CYCLE = "0208" Error;
    /// Component tree too deep or too large.
    TREE_LIMIT = "0209" Error;
    /// Hooks/subcomponents on a reference are ignored.
    IGNORED_ON_REFERENCE = "0210" Warning;
    /// Component type not supported yet.
    TYPE_NOT_SUPPORTED = "0211" Error;
    /// `repo:` has no effect since Fabrikate 0.3.
    REPO_FIELD = "0212" Warning;
    /// Hooks are not run.
    HOOKS_NOT_RUN = "0213" Warning;
    /// Version looks like a number.
    UNQUOTED_VERSION = "0214" Warning;
    /// Component.json beside component.yaml is ignored.
    JSON_TWIN = "0215" Warning;
    /// Unknown method.
    UNKNOWN_METHOD = "0216" Warning;
    /// Source was not fetched: the folder a git/helm/http source would be in is missing.
    NOT_FETCHED = "0217" Error;
    /// `generator:` is the old word for `type:`.
    GENERATOR_FIELD = "0218" Warning;
    /// A field has no effect here.
    NO_EFFECT = "0219" Warning;
    /// Config values of two files cannot be merged.
    CONFIG_CONFLICT = "0301" Error;
    /// Config for a component that does not exist.
    CONFIG_WITHOUT_COMPONENT = "0302" Warning;
    /// Environment that no file mentions.
    UNKNOWN_ENVIRONMENT = "0303" Warning;
    /// Environment named twice.
    ENVIRONMENT_TWICE = "0304" Warning;
    /// Environment name cannot be used.
    BAD_ENVIRONMENT = "0305" Error;
    /// Config field has the wrong type.
    CONFIG_TYPE = "0306" Error;
    /// Unknown key in a config file.
    UNKNOWN_CONFIG_KEY = "0307" Warning;
    /// Two config files differ only by case.
    CONFIG_CASE_COLLISION = "0308" Error;
    /// Folder of a static/template component missing or not a folder.
    NO_FOLDER = "0401" Error;
    /// Entry of a static folder is no YAML file.
    NOT_YAML = "0402" Warning;
    /// Static folder has a subfolder.
    SUBFOLDER = "0403" Error;
    /// Manifest is broken YAML.
    BROKEN_MANIFEST = "0404" Error;
    /// Document is no Kubernetes object.
    NOT_AN_OBJECT = "0405" Warning;
    /// Two components make one resource.
    DUPLICATE_RESOURCE = "0406" Warning;
    /// Two components write one output file.
    OUTPUT_COLLISION = "0407" Error;
    /// The component's own files are left out of its static output.
    OWN_FILES_LEFT_OUT = "0408" Warning;
    /// Template error.
    TEMPLATE = "0409" Error;
    /// The manifests of the run are larger than allowed.
    OUTPUT_LIMIT = "0410" Error;
    /// Chart not found.
    NO_CHART = "0501" Error;
    /// Helm not found.
    NO_HELM = "0502" Error;
    /// Helm failed.
    HELM_FAILED = "0503" Error;
    /// Value that a chart cannot take.
    CHART_VALUE = "0504" Error;
    /// Chart hooks left out.
    CHART_HOOKS_LEFT_OUT = "0505" Warning;
    /// Chart output document is no object.
    CHART_DOCUMENT_DROPPED = "0506" Warning;
    /// Chart makes up values.
    CHART_MAKES_VALUES = "0507" Warning;
    /// Hld.yaml is wrong.
    BAD_SETTINGS = "0601" Error;
    /// Unknown key in hld.yaml.
    UNKNOWN_SETTING = "0602" Error;
    /// Foreign file in the output folder.
    FOREIGN_FILE = "0701" Refused;
    /// Folder cannot be an output folder.
    BAD_OUTPUT_FOLDER = "0702" Refused;
    /// Writing failed.
    WRITE_FAILED = "0703" Error;
    /// Output of Fabrikate adopted.
    ADOPTED = "0704" Note;
    /// Output is stale.
    STALE = "0705" Error;
    /// Access file of a fetched component.
    ACCESS_IGNORED = "0801" Warning;
    /// Address of a source can not be used.
    BAD_SOURCE = "0802" Error;
    /// Source is refused.
    SOURCE_REFUSED = "0803" Refused;
    /// Source can not be fetched.
    FETCH_FAILED = "0804" Error;
    /// Source can not be reached.
    UNREACHABLE = "0805" Error;
    /// The file hld.lock is wrong.
    LOCK_FILE = "0806" Error;
    /// Source is not in hld.lock.
    NOT_LOCKED = "0807" Error;
    /// Source is not there without a network.
    OFFLINE = "0808" Error;
    /// Source holds something else than hld.lock says.
    DIGEST_MISMATCH = "0809" Error;
    /// Source holds an entry that no source has.
    BAD_ENTRY = "0810" Refused;
    /// Source is too large.
    SOURCE_LIMIT = "0811" Error;
    /// File is a pointer of Git LFS.
    LFS_POINTER = "0812" Error;
    /// Access.yaml is wrong.
    ACCESS_FILE = "0813" Error;
    /// Token of a source can not be used.
    NO_TOKEN = "0814" Error;
    /// Token is not sent without encryption.
    TOKEN_REFUSED = "0815" Refused;
    /// Chart is not in its repository.
    CHART_REPOSITORY = "0816" Error;
    /// Folder takes the place of a fetched source.
    VENDORED = "0817" Note;
    /// Two sources belong into one folder.
    SOURCE_COLLISION = "0818" Error;
    /// Cache can not be used.
    CACHE = "0819" Error;
    /// Publishing would remove too much.
    REMOVALS_REFUSED = "0901" Refused;
    /// Something else stands where manifests are published.
    PUBLISH_PATH_TAKEN = "0902" Refused;
    /// Environment is on hold.
    ENVIRONMENT_HELD = "0903" Refused;
    /// History of the manifest repository was rewritten.
    HISTORY_REWRITTEN = "0904" Refused;
    /// Branch of the manifest repository is missing.
    NO_BRANCH = "0905" Error;
    /// Server refuses the commit.
    REMOTE_REFUSED = "0906" Error;
    /// Time for trying is used up.
    TRY_LATER = "0907" Error;
    /// Folder of the manifest repository has foreign files.
    FOREIGN_PUBLISHED = "0908" Refused;
    /// Target of publishing is missing or wrong.
    BAD_TARGET = "0909" Error;
    /// There is nothing to roll back to.
    NOTHING_TO_ROLL_BACK = "0910" Error;
    /// Manifest repository can not be used.
    REMOTE_FAILED = "0911" Error;
    /// Published manifests were changed by hand.
    HAND_EDITS = "0912" Warning;
    /// Metadata of published manifests is broken.
    BAD_METADATA = "0913" Refused;
    /// A later commit of the definition is published.
    SUPERSEDED = "0914" Note;
    /// Commit can not be written on this machine.
    LOCAL_GIT = "0915" Error;
    /// Changes that are not committed are published.
    SOURCE_MODIFIED = "0916" Warning;
    /// Field of a manifest that no schema has.
    UNKNOWN_MANIFEST_FIELD = "1001" Error;
    /// Value of a manifest has the wrong type.
    WRONG_TYPE = "1002" Error;
    /// Field that has to be there is missing.
    MISSING_FIELD = "1003" Error;
    /// Value of a manifest is not allowed.
    VALUE_NOT_ALLOWED = "1004" Error;
    /// API version that is no part of this Kubernetes.
    REMOVED_API = "1005" Error;
    /// API version that is deprecated.
    DEPRECATED_API = "1006" Warning;
    /// Kind that Kubernetes does not have.
    UNKNOWN_KIND = "1007" Error;
    /// Kind without a schema: not checked.
    NO_SCHEMA = "1008" Note;
    /// Schema of a custom resource definition is not understood.
    BAD_CRD = "1009" Warning;
    /// Schemas of this version of Kubernetes are not known.
    KUBERNETES_VERSION = "1010" Error;
    /// Nothing was found to check.
    NOTHING_CHECKED = "1011" Warning;
    /// Text of a manifest that kubectl does not read.
    UNREAD_TEXT = "1012" Warning;
    /// Preview can not be posted on the forge.
    NOT_POSTED = "1101" Warning;
    /// Preview is of a commit that is not the head any more.
    STALE_PREVIEW = "1102" Note;
    /// Base of a preview does not compile.
    BASE_BROKEN = "1103" Warning;
    /// Base of a preview has no definition.
    NO_BASE = "1104" Note;
    /// File of a manifest repository is no manifest.
    NO_MANIFEST = "1201" Error;
    /// Document can not be applied.
    OBJECT_UNFIT = "1202" Error;
    /// One object stands twice in a manifest repository.
    OBJECT_TWICE = "1203" Error;
    /// Object or commit is too large to be applied.
    DESIRED_LIMIT = "1204" Error;
    /// The configuration of the agent is wrong.
    AGENT_CONFIG = "1250" Error;
    /// A flag of Flux v1 that has no effect.
    AGENT_FLAG_IGNORED = "1251" Warning;
    /// A flag of Flux v1 that is refused.
    AGENT_FLAG_REFUSED = "1252" Error;
    /// A commit holds no object at the agent's paths.
    AGENT_EMPTY_SOURCE = "1253" Refused;
    /// The branch or path of the agent is not there.
    AGENT_PATH = "1254" Error;
    /// The branch does not go on from what was applied last.
    AGENT_HISTORY = "1255" Refused;
    /// A symbolic link or submodule in the agent's paths.
    AGENT_UNSAFE_ENTRY = "1256" Refused;
    /// A kustomization that does more than list files.
    AGENT_KUSTOMIZATION = "1257" Error;
    /// The repository holds parts of the agent itself.
    AGENT_OWN_OBJECTS = "1258" Refused;
}
