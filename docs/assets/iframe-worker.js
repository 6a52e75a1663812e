/* The search of a page that was opened from disk: a browser starts no worker there, so what would be one runs in a hidden frame. */
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(script) {
      super();
      const waiting = [];
      const frame = document.createElement("iframe");
      let deliver = (data) => waiting.push(data);
      frame.hidden = true;
      frame.title = "search";
      frame.answer = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      frame.onload = () => {
        deliver = (data) => frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
        waiting.forEach((data) => deliver(data));
      };
      frame.srcdoc =
        '<script>self.postMessage = (data) => frameElement.answer(data);</scr' + 'ipt><script src="' + script + '"></scr' + "ipt>";
      document.body.appendChild(frame);
      this.postMessage = (data) => deliver(data);
    }
  };
  window.Worker = window.IFrameWorker;
}
