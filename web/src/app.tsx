import "./app.css";
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { address, param, setParams } from "./address.ts";
import icon from "./icon.svg";
import { KeyDialog } from "./key-dialog.tsx";
import { Button } from "./parts/button.tsx";
import { Failure, Waiting } from "./parts/failure.tsx";
import { Icon } from "./parts/icon.tsx";
import { Link } from "./parts/link.tsx";
import { Toasts, tellFailure } from "./parts/toasts.tsx";
import { SCHEMES, type Scheme, scheme } from "./scheme.ts";
import { SCREENS, type Screen } from "./screens/index.ts";
import { collections, gallery, isOffline, key, refreshCollections, wantsKey } from "./service.ts";

/** The whole page: the bar, and one of the screens. */
export function App() {
  useEffect(() => {
    refreshCollections().catch(tellFailure);
  }, [key.value]);
  const screen = screenAt(address.value.pathname);
  return (
    <div class="shell">
      <a class="skip button first" href="#screen">
        To the content
      </a>
      <Bar screen={screen} />
      <main class="screen" id="screen" tabIndex={-1}>
        {isOffline.value && (
          <p class="offline" role="alert">
            <Icon name="alert" /> The service does not answer. Questions wait until it does.
          </p>
        )}
        {screen ? <Loaded key={screen.path} screen={screen} /> : <NotFound />}
      </main>
      <Toasts />
      {wantsKey.value !== undefined && <KeyDialog reason={wantsKey.value} />}
    </div>
  );
}

function screenAt(pathname: string): Screen | undefined {
  const [, first = ""] = pathname.split("/");
  return first === "" ? SCREENS[0] : SCREENS.find(({ path }) => path === first);
}

function Bar({ screen }: { readonly screen: Screen | undefined }) {
  const keeping = param("gallery");
  const query = keeping === undefined ? "" : `?gallery=${encodeURIComponent(keeping)}`;
  return (
    <header class="bar">
      <Link class="mark" to={`/${query}`}>
        <img src={icon} alt="" /> arcface
      </Link>
      <nav class="menu" aria-label="Screens">
        <ul>
          {SCREENS.map((each) => (
            <li key={each.path}>
              <Link to={`/${each.path}${query}`} aria-current={each === screen ? "page" : undefined}>
                <Icon name={each.icon} /> {each.name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div class="tools">
        <ChooseGallery />
        {key.value !== undefined && (
          <Button
            icon="key"
            look="plain"
            aria-label="Use another key"
            onClick={() => {
              wantsKey.value = "This tab has a key. Another one may have other rights.";
            }}
          />
        )}
        <ChooseScheme />
      </div>
    </header>
  );
}

function ChooseGallery() {
  const all = collections.value ?? [];
  if (all.length < 2) return null;
  return (
    <select
      class="choice"
      aria-label="Gallery"
      value={gallery.value ?? ""}
      onChange={({ currentTarget }) => setParams({ gallery: currentTarget.value })}
    >
      {all.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

const SCHEME_WORDS: Readonly<Record<Scheme, readonly ["system" | "sun" | "moon", string]>> = {
  system: ["system", "Colours as the system has them"],
  light: ["sun", "Light colours"],
  dark: ["moon", "Dark colours"],
};

function ChooseScheme() {
  const [name, words] = SCHEME_WORDS[scheme.value];
  return (
    <Button
      icon={name}
      look="plain"
      aria-label={`${words}. Change`}
      onClick={() => {
        scheme.value = SCHEMES[(SCHEMES.indexOf(scheme.value) + 1) % SCHEMES.length]!;
      }}
    />
  );
}

/** A screen that is loaded when it is gone to. */
function Loaded({ screen }: { readonly screen: Screen }) {
  const loaded = useSignal<ComponentType | undefined>(undefined);
  const failed = useSignal<unknown>(undefined);
  const round = useSignal(0);
  useEffect(() => {
    failed.value = undefined;
    screen.load().then(
      (component) => {
        loaded.value = component;
        document.title = `${screen.name} · arcface`;
      },
      (thrown: unknown) => {
        failed.value = thrown;
      },
    );
  }, [round.value]);
  if (failed.value !== undefined) return <Failure thrown={failed.value} again={() => round.value++} />;
  const Component = loaded.value;
  return Component ? <Component /> : <Waiting for={`Opening ${screen.name} …`} />;
}

function NotFound() {
  return (
    <div class="stack">
      <h1>There is nothing here</h1>
      <p>
        The address leads to no screen of this page. <Link to="/">Begin with a comparison</Link>.
      </p>
    </div>
  );
}
