// The fonts of whoever reads: the theme's own would be its largest files.
import theme from 'vitepress/theme-without-fonts';
import './readable.css';

export default theme;
