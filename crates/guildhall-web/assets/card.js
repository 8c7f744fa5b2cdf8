// The card page: Stripe's form for the card that pays, or is kept for later, and what its bank asks afterwards.
(() => {
  "use strict";
  const form = document.getElementById("card-form");
  const told = document.getElementById("card-told");
  const pay = document.getElementById("card-pay");

  const tell = (sentence) => {
    told.textContent = sentence;
    told.hidden = sentence === "";
  };

  document.getElementById("card-sheet").hidden = false;
  if (typeof Stripe === "undefined") {
    tell("Stripe's card form could not be loaded. Nothing was charged; check your connection and open this page again.");
    pay.disabled = true;
    return;
  }
  const stripe = Stripe(form.dataset.publishableKey);
  let card = null;
  if (form.dataset.needsCard === "true") {
    const color = getComputedStyle(document.body).color;
    card = stripe.elements().create("card", { style: { base: { color, fontSize: "16px", iconColor: color } } });
    card.mount("#card");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // A second click does nothing while the first is under way.
    pay.disabled = true;
    tell("");
    try {
      const data = card === null ? undefined : { payment_method: { card } };
      const { error } = form.dataset.charges === "true"
        ? await stripe.confirmCardPayment(form.dataset.clientSecret, data)
        : await stripe.confirmCardSetup(form.dataset.clientSecret, data);
      if (!error) {
        location.assign(form.dataset.returnUrl);
        return;
      }
      tell(error.message || "The card was declined.");
    } catch {
      tell("Stripe did not answer. Open this page again to see whether it went through.");
    }
    pay.disabled = false;
  });
})();
