// Adds comfort to pages that work without it: focus on the error summary, no double submission, a live count of characters.
import { Button, CharacterCount, ErrorSummary, NotificationBanner, Radios, SkipLink, createAll } from "./vendor/govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, CharacterCount, ErrorSummary, NotificationBanner, Radios, SkipLink]) createAll(component);
