import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { placeOf, rewrites, root, siteLink } from '../pages.mts';

const site = dirname(dirname(fileURLToPath(import.meta.url)));

const logo = readFileSync(join(root, 'docs', 'images', 'logo.svg'), 'base64');

const page = (text: string, link: string) => ({ text, link });

/** The site: its pages are the repository's own Markdown, where it lies. */
export default defineConfig({
  lang: 'en',
  title: 'emqx-haproxy',
  description: 'An EMQX cluster behind two HAProxy hosts with a Keepalived virtual IP on EC2, in Pulumi',
  // In the page, wherever the site is hosted: a browser asks for an icon in any case.
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `data:image/svg+xml;base64,${logo}` }]],
  srcDir: root,
  outDir: join(site, 'dist'),
  cacheDir: join(site, 'node_modules', '.vitepress'),
  // Everything that is no page: packages, fixtures, recorded releases.
  srcExclude: [
    '**/node_modules/**',
    '.lab/**',
    '.github/**',
    'lab/machines/**',
    'lab/packages/**',
    'lab/examples/**',
    'lab/fabric/**',
    'tests/*/*/**',
    'bench/**',
    'provider/**',
    'policies/**',
    'shared/**',
    // Pages of the Pulumi Registry.
    'docs/_index.md',
    'docs/installation-configuration.md',
  ],
  rewrites,
  cleanUrls: true,
  lastUpdated: false,
  themeConfig: {
    nav: [
      page('Try it', '/try-it'),
      page('On AWS', '/aws'),
      page('Arguments', '/configuration'),
      page('Changes', '/changelog'),
    ],
    search: {
      provider: 'local',
    },
    outline: [2, 3],
    sidebar: [
      {
        text: 'Begin',
        items: [
          page('What it is', '/readme'),
          page('Try it', '/try-it'),
          page('Concepts', '/concepts'),
          page('An NLB instead?', '/nlb'),
          page('On AWS', '/aws'),
          page('Other languages', '/languages'),
          page('Examples', '/examples/'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('Arguments', '/configuration'),
          page('Outputs', '/outputs'),
          page('EMQX', '/emqx'),
          page('The data plane', '/dataplane'),
          page('The virtual IP', '/virtual-ip'),
          page('Hosts', '/hosts'),
        ],
      },
      {
        text: 'Run it',
        items: [
          page('Operations', '/operations'),
          page('Troubleshooting', '/troubleshooting'),
          page('A device cannot connect', '/cannot-connect'),
          page('verify', '/verify'),
          page('Security', '/security'),
          page('Policies', '/policies'),
          page('How it is tested', '/how-tested'),
          page('Changes that fail', '/rollout-faults'),
        ],
      },
      {
        text: 'Figures',
        items: [
          page('Failover', '/benchmarks/failover'),
          page('Data plane', '/benchmarks/dataplane'),
          page('Fleets', '/benchmarks/fleets'),
          page('Changes under clients', '/benchmarks/changes'),
          page('Programs on hosts', '/benchmarks/host-programs'),
          page('Wrong logins', '/benchmarks/failed-logins'),
          page('Source ports', '/benchmarks/source-ports'),
        ],
      },
      {
        text: 'Contribute',
        items: [
          page('From clone to pull request', '/contribute/'),
          page('Architecture', '/contribute/architecture'),
          page('Tests', '/contribute/tests'),
          page('Releasing', '/releasing'),
          page('The lab', '/lab'),
          page('The lab, in full', '/lab/'),
          page('How strict the lab is', '/lab/strictness'),
        ],
      },
    ],
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      const open = md.renderer.rules['link_open'];
      md.core.ruler.push('pages-of-the-site', ({ tokens, env }) => {
        // Where the page lies, not where it is on the site.
        const source = relative(root, String(env.realPath ?? env.path));
        for (const [index, token] of tokens.entries()) {
          // Indented blocks get the frame, the scrolling and the button of fenced ones.
          if (token.type === 'code_block') Object.assign(token, { type: 'fence', tag: 'code', info: 'txt' });
          // An empty corner of a table is no header.
          if (token.type === 'th_open' && tokens[index + 1]?.content === '')
            for (const part of [token, tokens[index + 2]]) if (part !== undefined) part.tag = 'td';
          const { children } = token;
          let dropped = 0;
          for (const inner of children ?? []) {
            if (inner.type === 'link_open') {
              const href = siteLink(source, inner.attrGet('href') ?? '');
              if (href === undefined) dropped += 1;
              else inner.attrSet('href', href);
              if (href === undefined) inner.hidden = true;
            }
            if (inner.type === 'link_close' && dropped > 0) {
              inner.hidden = true;
              dropped -= 1;
            }
          }
        }
      });
      md.renderer.rules['link_open'] = (tokens, index, options, env, self) => {
        if (tokens[index]?.hidden === true) return '';
        return open === undefined
          ? self.renderToken(tokens, index, options)
          : open(tokens, index, options, env, self);
      };
      md.renderer.rules['link_close'] = (tokens, index, options, _, self) =>
        tokens[index]?.hidden === true ? '' : self.renderToken(tokens, index, options);
    },
  },
  vite: {
    publicDir: join(site, 'public'),
    plugins: [
      {
        // Pages lie outside of this package, and find no Vue by themselves.
        name: 'vue-for-pages',
        enforce: 'pre',
        resolveId(source, importer, { ssr }) {
          if (!/^vue(\/|$)/.test(source)) return null;
          // It runs in Node, from this package's folder.
          if (ssr === true) return { id: source, external: true };
          if (importer?.startsWith(site) === true) return null;
          return this.resolve(source, join(site, 'index.md'), { skipSelf: true });
        },
      },
    ],
    server: { fs: { allow: [root] } },
  },
  // The theme's front page has no landmark of its own.
  transformHtml: (html) => html.replace(/(<div class="VPContent is-home" id="VPContent")/, '$1 role="main"'),
  transformPageData: (data) => {
    if (placeOf(data.filePath) === undefined)
      throw new Error(`${data.filePath} is a page that no place on the site is named for`);
  },
});
